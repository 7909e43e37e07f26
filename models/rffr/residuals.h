#pragma once

#include <torch/types.h>

#include "models/mae/masked_autoencoder.h"

/// What tells a fake face from a real one in RFFR: the difference between a face and what is expected of it. All take
/// faces as patches [B, N, V] in the order of patchify, values in [0, 1], and give clamp(4 * (expected - face), -1, 1)
/// (F3), f32 of that shape, zero in patches that are not asked for (F11).
namespace realface::models {

/// Of each block of patches `blocks` (i64 [k, n], no patch in two), as the autoencoder restores it from all patches but
/// that block's. All blocks of all faces are restored in a few batched passes; that is the same, to rounding, as one
/// pass a block. Without gradients.
torch::Tensor masked_residuals(MaskedAutoencoder& network, const torch::Tensor& patches, const torch::Tensor& blocks);

/// Of the patches `ids` (i64 [K]), as the autoencoder gives them back that sees all of the face. Without gradients.
torch::Tensor autoencoder_residuals(MaskedAutoencoder& network, const torch::Tensor& patches, const torch::Tensor& ids);

/// Of the patches `ids`, from the face blurred by a Gaussian of 5 x 5 pixels, so what a high-pass filter leaves (F13).
/// patch: side in pixels.
torch::Tensor high_pass_residuals(const torch::Tensor& patches, const torch::Tensor& ids, int64_t patch);

}  // namespace realface::models
