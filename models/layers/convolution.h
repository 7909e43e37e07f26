#pragma once

#include <torch/types.h>

namespace realface::models {

/// A convolution without bias, groups and dilation: x [B, C, H, W], weight [out, C, k, k] -> [B, out, H', W'].
///
/// Its gradients are convolutions of x's size, and so are the gradients of these, twice being the most. libtorch's own
/// second derivative turns a gradient into the kernel of another convolution, as large as the picture, whose result is
/// channels_first (torch 2.11): what inner loops spend most time in.
torch::Tensor convolution(const torch::Tensor& x, const torch::Tensor& weight, int64_t stride, int64_t padding);

}  // namespace realface::models
