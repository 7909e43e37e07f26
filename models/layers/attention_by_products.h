#pragma once

#include <torch/types.h>

namespace realface::models::kernels {

/// Attention as batched products and a softmax, in fp32 or bf16; shapes as in kernels.h. For bf16 the forward products
/// are fp32 and so is the softmax, since rounding scores to bf16 would double the error of the result; the four
/// products of the backward are bf16. The fp32 weights, [B, H, Q, N], are kept for the backward. Tests hold its errors
/// against those of libtorch's fused kernel. A backward that is itself differentiated is made of plain operators; the
/// fused kernel has no second derivative on the CPU.
torch::Tensor attention_by_products(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                                    const std::optional<torch::Tensor>& key_mask);

}  // namespace realface::models::kernels
