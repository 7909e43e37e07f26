#include "stages/training/gradient_clip.h"

#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>

namespace realface::stages {

torch::Tensor gradient_norm(const std::vector<torch::Tensor>& flat) {
  const torch::NoGradGuard no_grad;
  if (flat.size() == 1) { return at::linalg_vector_norm(flat.front()); }
  return at::linalg_vector_norm(at::stack(at::_foreach_norm(flat)));
}

torch::Tensor clip_divisor(const torch::Tensor& norm, double limit) {
  if (limit <= 0) { return {}; }
  return norm.to(torch::kFloat32).add(1e-6).div_(limit).clamp_min_(1.0).reshape({1});
}

torch::Tensor not_finite(const torch::Tensor& norm) {
  return at::isfinite(norm).logical_not().to(torch::kFloat32).reshape({1});
}

}  // namespace realface::stages
