#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "models/layers/batch_norm.h"
#include "models/layers/conv.h"

namespace realface::models {

/// He et al., "Deep residual learning for image recognition" (CVPR 2016): two convolutions of 3 x 3, each with a batch
/// norm, around which the input is added.
class BasicBlock : public torch::nn::Module {
 public:
  BasicBlock(int64_t in, int64_t out, int64_t stride);
  torch::Tensor forward(const torch::Tensor& x, Statistics statistics);

 private:
  std::shared_ptr<Conv> conv1_, conv2_, shortcut_;
  std::shared_ptr<BatchNorm> bn1_, bn2_, shortcut_norm_;  // shortcut: where shapes differ, else null
};

/// ResNet-18 from its stem to its third stage, with torchvision's parameter names, and the outputs of the three stages
/// side by side (D2).
class ResNetTrunk : public torch::nn::Module {
 public:
  /// Widths of the stages; the stem is as wide as the first.
  explicit ResNetTrunk(const std::array<int64_t, 3>& widths);
  /// [B, 3, H, W] -> [B, sum of widths, H/4, W/4]: later stages are enlarged by repeating pixels. H and W are multiples
  /// of 16.
  torch::Tensor forward(const torch::Tensor& pictures, Statistics statistics);

 private:
  std::shared_ptr<Conv> conv1_;
  std::shared_ptr<BatchNorm> bn1_;
  std::array<std::vector<std::shared_ptr<BasicBlock>>, 3> stages_;
};

}  // namespace realface::models
