#include "stages/training/gradient_clip.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/linalg_vector_norm.h>

namespace realface::stages {

namespace {

// A sum of squares in fp32 loses what is small beside the sum so far: over a whole bucket of 25 MB the norm comes out
// 2e-4 too small on a CPU, over 112 million elements 1 %. Over so few elements nothing is lost.
constexpr int64_t kPiece = 1024;

/// The norms of the pieces of one bucket.
void append_norms(const torch::Tensor& flat, std::vector<torch::Tensor>& norms) {
  const int64_t pieces = flat.numel() / kPiece, whole = pieces * kPiece, rest = flat.numel() - whole;
  if (pieces > 0) { norms.push_back(at::linalg_vector_norm(flat.narrow(0, 0, whole).view({pieces, kPiece}), 2, 1)); }
  if (rest > 0) { norms.push_back(at::linalg_vector_norm(flat.narrow(0, whole, rest)).reshape({1})); }
}

}  // namespace

torch::Tensor gradient_norm(const std::vector<torch::Tensor>& flat) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> norms;
  for (const auto& bucket : flat) { append_norms(bucket, norms); }
  const auto type = flat.front().scalar_type();
  return at::linalg_vector_norm(at::cat(norms), 2, {}, false, torch::kFloat64).to(type);
}

torch::Tensor clip_divisor(const torch::Tensor& norm, double limit) {
  if (limit <= 0) { return {}; }
  return norm.to(torch::kFloat32).add(1e-6).div_(limit).clamp_min_(1.0).reshape({1});
}

torch::Tensor not_finite(const torch::Tensor& norm) {
  return at::isfinite(norm).logical_not().to(torch::kFloat32).reshape({1});
}

}  // namespace realface::stages
