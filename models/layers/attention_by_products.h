#pragma once

#include <torch/types.h>

namespace realface::models::kernels {

/// Weights of one sample's head from which its fp32 products by MKL take longer than by oneDNN, its calls included: 181
/// tokens (Zen 5). From there on fp32 rows are computed one by one.
inline constexpr int64_t kLargeRow = 1 << 15;

/// Attention as batched products and a softmax, in fp32 or bf16; shapes as in kernels.h. In bf16 products are of
/// bf16 matrices, but for the mixing of few values; scores and softmax are fp32, since rounding scores would double the
/// error of the result, and the weights of more than 256 keys are kept and differentiated in bf16. Weights are computed
/// for a few rows or queries at a time; up to 64 MB of them are kept for the backward, which else computes them again.
/// Tests hold its errors against those of libtorch's fused kernels. A backward that is itself differentiated is made of
/// plain operators; the fused kernel has no second derivative on the CPU.
torch::Tensor attention_by_products(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                                    const std::optional<torch::Tensor>& key_mask);

}  // namespace realface::models::kernels
