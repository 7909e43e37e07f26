#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>
#include <cstdint>
#include <optional>

namespace realface::models {

/// A convolution with a square kernel, padded so that stride 1 keeps the size unless it is told otherwise. Parameters
/// `weight` [out, in / groups, k, k] and, if it has one, `bias` [out]; by default a norm follows and there is none.
/// Their values are unset until a model initialises them.
class Conv : public torch::nn::Module {
 public:
  Conv(int64_t in, int64_t out, int64_t kernel, int64_t stride = 1, int64_t groups = 1, bool has_bias = false,
       std::optional<int64_t> padding = {});
  torch::Tensor forward(const torch::Tensor& x) const;  // [B, in, H, W]
  /// With another weight in the place of its own, of a layer without bias: of a network that an inner loop adapted.
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& weight) const;

 private:
  int64_t stride_, padding_, groups_;
  torch::Tensor weight_, bias_;
};

}  // namespace realface::models
