#include "models/layers/conv.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/zeros.h>

#include "models/layers/convolution.h"

namespace realface::models {

Conv::Conv(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t groups, bool has_bias,
           std::optional<int64_t> padding)
    : stride_(stride),
      padding_(padding.value_or(kernel / 2)),
      groups_(groups),
      weight_(register_parameter("weight", at::zeros({out, in / groups, kernel, kernel}))) {
  if (has_bias) { bias_ = register_parameter("bias", at::zeros({out})); }
}

torch::Tensor Conv::forward(const torch::Tensor& x) const {
  const auto y = forward(x, weight_);
  return bias_.defined() ? y + bias_.view({-1, 1, 1}) : y;
}

torch::Tensor Conv::forward(const torch::Tensor& x, const torch::Tensor& weight) const {
  if (groups_ == 1) { return convolution(x, weight, stride_, padding_); }
  return at::conv2d(x, weight, {}, stride_, padding_, /*dilation=*/1, groups_);
}

}  // namespace realface::models
