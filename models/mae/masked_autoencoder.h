#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>
#include <cstdint>
#include <memory>

#include "models/mae/config.h"

namespace realface::models {

/// What restores hidden tokens of pictures or of clips from those that it sees (mae.h, video_mae.h).
///
/// B samples, N tokens of V values each, L visible and M masked ones.
class MaskedAutoencoder : public torch::nn::Module {
 public:
  /// patches: normalised, [B, N, V]. Returns predictions [B, M, V] of the masked tokens, in the order of
  /// visible.masked; if the number of masked tokens varies, of all tokens, [B, N, V].
  virtual torch::Tensor forward(const torch::Tensor& patches, const Visible& visible) = 0;

  /// Sum over masked tokens of the mean squared error over a token, in fp32: divide by the number of masked tokens over
  /// all ranks (G8). patches: normalised, [B, N, V]; mask bool [B, N]; predictions as forward gives them.
  torch::Tensor loss_sum(const torch::Tensor& patches, const torch::Tensor& predictions, const torch::Tensor& mask,
                         const Visible& visible) const;

  const MaeConfig& config() const { return config_; }

 protected:
  explicit MaskedAutoencoder(const MaeConfig& config) : config_(config) {}

  /// Tokens [B, M, V] with their own mean and deviation taken out, as this architecture defines norm_pix.
  virtual torch::Tensor normalised(const torch::Tensor& tokens) const = 0;

  MaeConfig config_;
};

/// The network of config.architecture, with unset weights, for one whose weights are copied from another: no random
/// number is drawn.
std::shared_ptr<MaskedAutoencoder> make_autoencoder(const MaeConfig& config);
/// Initialised as the original code of its architecture does, every draw keyed by `seed`: the same weights on every
/// rank and machine.
std::shared_ptr<MaskedAutoencoder> make_autoencoder(const MaeConfig& config, uint64_t seed);

}  // namespace realface::models
