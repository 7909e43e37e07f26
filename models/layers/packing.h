#pragma once

#include <torch/types.h>
#include <cstdint>

namespace realface::models {

/// Samples of different lengths as rows one after another, without padding between them: what variable-length attention
/// takes (Dao, "FlashAttention-2", ICLR 2024). B samples, padded to N rows of D values, of which S count.
struct Packing {
  torch::Tensor rows;    // i64 [S], those that count among the B * N, ascending
  torch::Tensor starts;  // i32 [B + 1], the first packed row of each sample, then S
  int64_t longest = 0;   // rows of a sample at most
};

/// `valid` bool [B, N] says which rows count, and `total` how many do: so the host need not wait for a device to count
/// them. A wrong number is undefined behaviour.
Packing packing_of(const torch::Tensor& valid, int64_t total);

/// [B, N, D] -> [S, D].
torch::Tensor packed(const torch::Tensor& x, const Packing& packing);

/// [S, D] -> [B, N, D] of those sizes; rows that do not count are zero.
torch::Tensor unpacked(const torch::Tensor& rows, const Packing& packing, int64_t batch, int64_t count);

}  // namespace realface::models
