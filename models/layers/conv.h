#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>
#include <cstdint>

namespace realface::models {

/// A convolution with a square kernel, padded so that stride 1 keeps the size. Parameter `weight` [out, in, k, k], no
/// bias: a norm follows. Its values are unset until a model initialises them.
class Conv : public torch::nn::Module {
 public:
  Conv(int64_t in, int64_t out, int64_t kernel, int64_t stride = 1);
  torch::Tensor forward(const torch::Tensor& x) const;  // [B, in, H, W]
  /// With another weight in the place of its own: of a network that an inner loop adapted.
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& weight) const;

 private:
  int64_t stride_, padding_;
  torch::Tensor weight_;
};

}  // namespace realface::models
