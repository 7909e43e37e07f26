#include "models/layers/grad_cam.h"

#include <ATen/ops/relu.h>
#include <torch/csrc/autograd/autograd.h>

namespace realface::models {

torch::Tensor grad_cam(const torch::Tensor& features, const torch::Tensor& scores) {
  const auto gradient = torch::autograd::grad({scores.sum()}, {features}).front();
  const auto weights = gradient.mean({2, 3}, /*keepdim=*/true);
  return at::relu((weights * features.detach()).sum(1));
}

}  // namespace realface::models
