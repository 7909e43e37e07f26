#pragma once

#include <torch/types.h>

namespace realface::models::kernels {

/// Attention as batched products and a softmax, in fp32 or bf16; shapes as in kernels.h. In bf16 all products are of
/// bf16 matrices, but scores and softmax are fp32, since rounding scores would double the error of the result. Weights
/// are computed for a few rows at a time; up to 64 MB of them are kept for the backward, which else computes them
/// again. Tests hold its errors against those of libtorch's fused kernel. A backward that is itself differentiated is
/// made of plain operators; the fused kernel has no second derivative on the CPU.
torch::Tensor attention_by_products(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                                    const std::optional<torch::Tensor>& key_mask);

}  // namespace realface::models::kernels
