#include "models/layers/packing.h"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/cumsum.h>
#include <ATen/ops/index_copy.h>
#include <ATen/ops/nonzero_static.h>
#include <ATen/ops/zeros.h>

#include <array>

namespace realface::models {

Packing packing_of(const torch::Tensor& valid, int64_t total) {
  constexpr std::array<int64_t, 2> kOneBefore{1, 0};
  const auto lengths = valid.sum(1, /*keepdim=*/false, torch::kInt);
  return {at::nonzero_static(valid.flatten(), total).squeeze(1),
          at::constant_pad_nd(at::cumsum(lengths, 0, torch::kInt), kOneBefore), valid.size(1)};
}

torch::Tensor packed(const torch::Tensor& x, const Packing& packing) {
  return x.flatten(0, 1).index_select(0, packing.rows);
}

torch::Tensor unpacked(const torch::Tensor& rows, const Packing& packing, int64_t batch, int64_t count) {
  const auto zeros = at::zeros({batch * count, rows.size(1)}, rows.options());
  return at::index_copy(zeros, 0, packing.rows, rows).unflatten(0, {batch, count});
}

}  // namespace realface::models
