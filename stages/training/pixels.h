#pragma once

#include <torch/types.h>
#include <cstdint>
#include <string>

namespace realface::stages {

/// From stored pixels to what a network sees, and back.
class Normaliser {
 public:
  /// kind: "imagenet": (x/255 - mean) / deviation of ImageNet's training images, "unit": x/255 (F3),
  /// or "half": with a mean and a deviation of 0.5 (E9). tubelet: frames of a token of a clip.
  Normaliser(const std::string& kind, int64_t patch, torch::Device device, int64_t tubelet = 1);

  /// u8 [B, H, W, 3] -> f32 [B, N, P*P*3], in the order of models::patchify; clips u8 [B, T, H, W, 3] -> f32 [B, N, V]
  /// in that of models::tubify.
  torch::Tensor patches(const torch::Tensor& images) const;
  /// u8 [B, H, W, 3] -> f32 [B, 3, H, W], channels last in memory, for convolutions.
  torch::Tensor planes(const torch::Tensor& images) const;
  /// Normalised patches [B, N, V] -> [0, 1] values (not clamped), the same shape, f32.
  torch::Tensor unit(const torch::Tensor& patches) const;

 private:
  int64_t patch_, tubelet_;
  torch::Tensor scale_, shift_;  // f32 [P*P*3]: normalised = x * scale + shift
};

}  // namespace realface::stages
