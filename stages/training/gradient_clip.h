#pragma once

#include <torch/types.h>
#include <vector>

/// Gradient norm, clipping and the finite check, all on the device: no call here waits for it.
namespace realface::stages {

/// The 2-norm of all elements of the flat buckets: a scalar on their device, in their type. Within 3e-6 of the norm
/// taken in double, however many elements there are: norms of short pieces, added up in double.
torch::Tensor gradient_norm(const std::vector<torch::Tensor>& flat);

/// What gradients are to be divided by so that their norm is at most `limit`: max(1, (norm + 1e-6) / limit), f32 [1];
/// the reciprocal of torch's clip_grad_norm_ coefficient. Undefined if `limit` is 0 (no clipping).
torch::Tensor clip_divisor(const torch::Tensor& norm, double limit);

/// 1 if the norm is infinite or not a number, else 0, f32 [1]: the update is then to be skipped.
torch::Tensor not_finite(const torch::Tensor& norm);

}  // namespace realface::stages
