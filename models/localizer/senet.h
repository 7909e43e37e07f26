#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "models/layers/batch_norm.h"
#include "models/layers/conv.h"
#include "models/layers/scse.h"

namespace realface::models {

/// A residual network with squeeze-and-excitation (Hu et al., CVPR 2018), of one of two families.
struct SeNetShape {
  std::array<int64_t, 4> blocks{3, 4, 6, 3}, planes{64, 128, 256, 512};  // of its stages; a stage is 4 planes wide
  int64_t stem = 64;
  /// SENet's: a stem of three 3 x 3 convolutions instead of one of 7 x 7, blocks with twice the width between, in 64
  /// groups, which stride in the middle; 3 x 3 in the shortcuts. Else SE-ResNet's: blocks stride at their beginning.
  bool senet = false;
};

/// 1 x 1, 3 x 3, 1 x 1 convolution with norms, through a channel gate, then the input is added.
class SeBottleneck : public torch::nn::Module {
 public:
  SeBottleneck(const SeNetShape& shape, int64_t in, int64_t planes, int64_t stride, int64_t shortcut_kernel);
  torch::Tensor forward(const torch::Tensor& x, Statistics statistics);

 private:
  std::shared_ptr<Conv> conv1_, conv2_, conv3_, shortcut_;
  std::shared_ptr<BatchNorm> bn1_, bn2_, bn3_, shortcut_norm_;  // shortcut: if shapes differ, else null
  std::shared_ptr<ChannelGate> gate_;
};

/// The encoder of the localiser (L1), without classifier. Names are those of timm's `legacy_senet154` and
/// `legacy_seresnet50`, whose weights therefore load.
class SeNet : public torch::nn::Module {
 public:
  SeNet(const SeNetShape& shape, int64_t channels);
  /// [B, channels, H, W] -> the outputs of the stem, at H/2, and of the four stages, at H/4 to H/32. H and W are
  /// multiples of 32.
  std::array<torch::Tensor, 5> forward(const torch::Tensor& pictures, Statistics statistics);
  /// Channels of the five.
  static std::array<int64_t, 5> widths(const SeNetShape& shape);

 private:
  std::vector<std::pair<std::shared_ptr<Conv>, std::shared_ptr<BatchNorm>>> stem_;
  std::array<std::vector<std::shared_ptr<SeBottleneck>>, 4> stages_;
};

}  // namespace realface::models
