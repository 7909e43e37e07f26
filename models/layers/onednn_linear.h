#pragma once

#include <torch/types.h>

/// Linear maps by oneDNN's matrix products, through the operator that libtorch registers for its compiled graphs
/// (`mkldnn::_linear_pointwise`): no second oneDNN is linked. fp32 or bf16 on the
/// CPU; shapes as in kernels.h.
namespace realface::models::kernels {

/// In fp32 the gradients of x and of the weight are products by that operator too. In bf16, and in a backward that is
/// itself differentiated (create_graph), they are made of libtorch's plain operators.
torch::Tensor onednn_linear(const torch::Tensor& x, const torch::Tensor& weight,
                            const std::optional<torch::Tensor>& bias);

/// x W^T of two matrices, which may be transposed views; no gradient.
torch::Tensor onednn_product(const torch::Tensor& x, const torch::Tensor& weight);

/// GELU fused into the product; no gradient.
torch::Tensor onednn_gelu_of_linear(const torch::Tensor& x, const torch::Tensor& weight,
                                    const std::optional<torch::Tensor>& bias);

}  // namespace realface::models::kernels
