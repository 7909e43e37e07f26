#pragma once

#include <torch/types.h>
#include <array>

/// The parts of attention_by_products, for some rows, each a sample's head: q and its like [R, Q, d], k and v [R, N,
/// d], hidden bool [R, 1, N] or undefined, all fp32 or all bf16. No derivatives are recorded. Queries are taken a few
/// at a time, so that their weights stay in the second cache.
namespace realface::models::kernels {

/// Rows to be given at once: those whose weights stay in the cache, and of fp32 rows of kLargeRow weights one.
int64_t rows_at_once(const torch::Tensor& q, const torch::Tensor& k);

/// The type in which weights of such keys are kept and differentiated: fp32, or bf16 if there are many.
torch::ScalarType type_of_weights(const torch::Tensor& k);

/// softmax(q k^T / sqrt(d)), nothing of hidden keys: [R, Q, N].
torch::Tensor weights_of_rows(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& hidden);

/// weights v: [R, Q, d], of v's type.
torch::Tensor mixed_rows(const torch::Tensor& q, const torch::Tensor& weights, const torch::Tensor& v);

/// The gradients of q, k and v, from that of the mixed rows.
std::array<torch::Tensor, 3> gradients_of_rows(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                                               const torch::Tensor& weights, const torch::Tensor& of_mixed);

}  // namespace realface::models::kernels
