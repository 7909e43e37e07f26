#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/layers/batch_norm.h"
#include "models/layers/conv.h"

namespace realface::models {

/// What the mapping network says of faces.
struct Mapped {
  torch::Tensor map;     // [B, 3, h, w]: the face as it would be restored, in [0, 1] where it learned its target
  torch::Tensor logits;  // [B, 2]: real, fake (G21); undefined if the head does not classify
};

/// Three convolutions of 3 x 3, each with batch norm and ReLU, to a map; the map, pooled to 16 x 16, classifies (D2,
/// D6). Parameters `conv.{0,3,6}.weight`, `conv.{1,4,7}.{weight,bias}` and `fc.{weight,bias}`.
///
/// Episodes adapt it: forward takes parameters in the order of parameters(), which may be results of an inner loop.
class MapHead : public torch::nn::Module {
 public:
  static constexpr int64_t kChannels = 3, kPooled = 16;

  /// widths: of the features and of the first two convolutions. sigmoid: the map ends with one instead of norm and
  /// ReLU. classifies: there is an `fc`.
  MapHead(const std::array<int64_t, 3>& widths, bool sigmoid, bool classifies);

  Mapped forward(const torch::Tensor& features, const std::vector<torch::Tensor>& parameters, Statistics statistics);
  Mapped forward(const torch::Tensor& features, Statistics statistics) {
    return forward(features, parameters(), statistics);
  }

 private:
  bool sigmoid_, classifies_;
  std::array<std::shared_ptr<Conv>, 3> convs_;
  std::array<std::shared_ptr<BatchNorm>, 3> norms_;  // the last is null with a sigmoid
};

}  // namespace realface::models
