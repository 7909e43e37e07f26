#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "models/layers/batch_norm.h"
#include "models/layers/conv.h"
#include "models/layers/linear.h"
#include "models/xception/config.h"

namespace realface::models {

/// A convolution of 1 x 1 without bias and the norm after it, which a network that is not learning has folded into the
/// weights. By the fastest kernel of its kind. Parameter `weight` [out, in, 1, 1].
class Pointwise : public torch::nn::Module {
 public:
  Pointwise(int64_t in, int64_t out, int64_t stride = 1);
  torch::Tensor forward(const torch::Tensor& x, BatchNorm& norm) const;  // [B, in, H, W]

 private:
  int64_t stride_;
  torch::Tensor weight_;
};

/// A 3 x 3 convolution of each channel by itself, `conv1`, then one of 1 x 1 over the channels, `pointwise`, and
/// its norm.
class SeparableConv : public torch::nn::Module {
 public:
  SeparableConv(int64_t in, int64_t out);
  torch::Tensor forward(const torch::Tensor& x, BatchNorm& norm) const;  // [B, in, H, W] -> [B, out, H, W]

 private:
  std::shared_ptr<Conv> each_;
  std::shared_ptr<Pointwise> across_;
};

/// ReLU, separable convolution and norm, several times, then pooling if it strides; a shortcut is added.
class XceptionBlock : public torch::nn::Module {
 public:
  struct Shape {
    int64_t in, out, layers, stride;
    bool relu_first = true;  // false: the input went through one already
    bool grow_first = true;  // the first layer widens; else the last one
  };
  explicit XceptionBlock(const Shape& shape);
  torch::Tensor forward(const torch::Tensor& x) const;

 private:
  Shape shape_;
  std::vector<std::pair<std::shared_ptr<SeparableConv>, std::shared_ptr<BatchNorm>>> layers_;
  std::shared_ptr<Pointwise> shortcut_;  // if shapes differ, else null
  std::shared_ptr<BatchNorm> shortcut_norm_;
};

/// Xception (Chollet, "Xception: deep learning with depthwise separable convolutions", CVPR 2017) with the parameter
/// names of timm's `legacy_xception`, whose weights therefore load. Pictures [B, 3, H, W] are normalised by a mean and
/// a deviation of 0.5. They are computed with channels last, which depthwise convolutions and products of pixels want.
/// Outputs of blocks are those before the ReLU with which the next one begins.
class XceptionImpl : public torch::nn::Module {
 public:
  /// Sees the output of every block in turn, counted from 1, and returns what the next one is given.
  using AtBlock = std::function<torch::Tensor(int64_t block, const torch::Tensor& output)>;

  explicit XceptionImpl(const XceptionConfig& config);  // unset weights
  /// Convolutions by He et al.'s fan-out (ICCV 2015) and the last layer as PyTorch's own, every draw keyed by `seed`.
  XceptionImpl(const XceptionConfig& config, uint64_t seed);

  /// [B, classes]; without classes [B, C], the means over the last features.
  torch::Tensor forward(const torch::Tensor& pictures, const AtBlock& at_block = {}) const;
  /// The outputs of these blocks, whose numbers ascend; nothing after the last of them is computed.
  std::vector<torch::Tensor> outputs(const torch::Tensor& pictures, const std::vector<int64_t>& blocks) const;

  const XceptionConfig& config() const { return config_; }

 private:
  torch::Tensor stem(const torch::Tensor& pictures) const;

  XceptionConfig config_;
  std::shared_ptr<Conv> conv1_, conv2_;
  std::shared_ptr<BatchNorm> bn1_, bn2_, bn3_, bn4_;
  std::vector<std::shared_ptr<XceptionBlock>> blocks_;
  std::shared_ptr<SeparableConv> conv3_, conv4_;
  std::shared_ptr<Linear> fc_;  // null without classes
};

}  // namespace realface::models
