#pragma once

#include <torch/types.h>
#include <string>

#include "models/mae/masked_autoencoder.h"
#include "stages/pretrain/recipe.h"
#include "stages/training/pixels.h"
#include "stages/training/trainer_stage.h"

namespace realface::stages {

/// Pretraining of the masked autoencoder "mae" of the set on the stream "faces" (MAE, VideoMAE, the first stage of all
/// five systems: they differ in network, masks, pixels and optimizer).
///
/// The loss of an update is the squared error summed over all masked tokens of all ranks and micro-batches, divided by
/// their number (G8): the same as one big batch. With `mask.kind: none` it is a plain autoencoder: all tokens are seen,
/// and all count.
class Pretrain final : public TrainerStage {
 public:
  static constexpr const char* kStream = "faces";

  /// Holds the set's network and the world's group, which outlive it. steps_per_epoch: of the stream; may be 0 if
  /// config.train.steps is given. Collective.
  Pretrain(const PretrainConfig& config, models::Set& set, distributed::World& world, int64_t steps_per_epoch);

  std::string name() const override { return "pretrain"; }
  StepReport step(const data::Step& step) override;

 private:
  torch::Tensor loss(const data::Batch& batch);
  torch::Tensor plain_loss(models::MaskedAutoencoder& network, const torch::Tensor& target);

  int64_t samples_, tokens_;  // of an update; of a sample
  bool packed_, hides_;
  Normaliser pixels_;
};

}  // namespace realface::stages
