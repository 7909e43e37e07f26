#pragma once

#include <ATen/ops/arange.h>
#include <torch/types.h>

#include <numeric>
#include <string>

/// Values that a test and the Python script of its fixture both know, in the place of files too large to keep.
namespace realface::models {

/// u in [-0.5, 0.5), element i of the tensor of that name, fp64.
inline torch::Tensor drawn(const std::string& name, const torch::Tensor& like) {
  const int64_t bytes = std::accumulate(name.begin(), name.end(), int64_t{0});
  const auto a = (at::arange(like.numel(), torch::kInt64) * 7919 + 31 * bytes).remainder(1000003);
  return (a.to(torch::kFloat64) / 1000003 - 0.5).reshape(like.sizes());
}

/// `count` entries from the first to the last.
inline torch::Tensor sampled(const torch::Tensor& values, int64_t count) {
  return values.flatten().index_select(
      0, (at::arange(count, torch::kInt64) * (values.numel() - 1)).div(count - 1, "floor"));
}

}  // namespace realface::models
