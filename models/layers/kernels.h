#pragma once

#include <torch/types.h>

#include "models/layers/packing.h"

/// The one place that chooses kernels: each function computes what its name says by the fastest kernel that libtorch
/// has for the device, the type, the shape and the processor; kernels.cpp says which and why. With `world.kernels:
/// default` all but compute_dtype take libtorch's own. `realface bench kernels` measures each pair on the machine at
/// hand.
///
/// Every result is differentiable, as often as libtorch's own kernel is at least. B samples, C channels, H heads, N
/// tokens, Q queries, d width of a head.
namespace realface::models::kernels {

/// x W^T + b over the last dimension: x [..., in], weight [out, in], bias [out] or undefined, all of one type.
torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias);

/// GELU by the error function (Hendrycks and Gimpel 2016) of that; fused if nothing will ask for its gradient.
torch::Tensor gelu_of_linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias);

/// softmax(q k^T / sqrt(d)) v: q [B, H, Q, d], k and v [B, H, N, d], key_mask bool [B, 1, 1, N] (true = attend to it;
/// one of each sample at least) or undefined for all; returns [B, H, Q, d].
torch::Tensor attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                        const torch::Tensor& key_mask);

/// The same of packed samples, each by itself: q, k, v and the result [S, H, d]. On GPUs in 16 bits it is flash
/// attention, which no key_mask can have; its gradient can be taken once.
torch::Tensor packed_attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                               const Packing& packing);

/// A convolution of 1 x 1 with stride 1: x [B, C, height, width], weight [out, C, 1, 1], bias [out] or undefined. The
/// result may be channels_last.
torch::Tensor pointwise_convolution(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias);

/// The type in which a model of such parameters computes. bf16 stays bf16 on GPUs, on CPUs with AMX and on AMD's with
/// AVX512-BF16; elsewhere bf16 products are no faster than fp32 ones, so layers widen bf16 parameters and activations
/// are fp32.
torch::ScalarType compute_dtype(const torch::Tensor& parameter);

}  // namespace realface::models::kernels
