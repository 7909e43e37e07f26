#include "models/layers/conv.h"

#include <ATen/ops/zeros.h>

#include "models/layers/convolution.h"

namespace realface::models {

Conv::Conv(int64_t in, int64_t out, int64_t kernel, int64_t stride)
    : stride_(stride),
      padding_(kernel / 2),
      weight_(register_parameter("weight", at::zeros({out, in, kernel, kernel}))) {}

torch::Tensor Conv::forward(const torch::Tensor& x) const { return forward(x, weight_); }

torch::Tensor Conv::forward(const torch::Tensor& x, const torch::Tensor& weight) const {
  return convolution(x, weight, stride_, padding_);
}

}  // namespace realface::models
