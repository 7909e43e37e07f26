#pragma once

#include <torch/types.h>
#include <cstdint>
#include <string>

namespace realface::stages {

/// u8 [H, W, 3] RGB -> a PNG file. Throws Error.
std::string encode_png(const torch::Tensor& rgb);

/// f32 [H, W] in [0, 1] -> u8 [H, W, 3], from black to white.
torch::Tensor grey_levels(const torch::Tensor& values);

/// Half of a picture u8 [H, W, 3], and over it the values f32 [H, W] in [0, 1] as colours that also grow lighter from 0
/// to 1, so that they can be told apart without their hues.
torch::Tensor heat_over(const torch::Tensor& rgb, const torch::Tensor& values);

/// u8 [H, W, 3] -> the same with masked patches in one flat grey. mask: bool [N].
torch::Tensor grey_out(const torch::Tensor& rgb, const torch::Tensor& mask, int64_t patch);

/// The composite (G10): the original where a patch was visible, the prediction where it was masked. original u8
/// [H, W, 3]; predicted [N, P*P*3] in [0, 1], clamped here; mask bool [N].
torch::Tensor composite(const torch::Tensor& original, const torch::Tensor& predicted, const torch::Tensor& mask,
                        int64_t patch);

}  // namespace realface::stages
