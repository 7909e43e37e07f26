#pragma once

#include <torch/types.h>
#include <string>
#include <vector>

#include "stages/pretrain/recipe.h"
#include "stages/training/pixels.h"
#include "stages/training/trainer.h"

namespace realface::stages {

/// Pretraining of the masked autoencoder "mae" of the set on the stream "faces" (MAE, VideoMAE, the first stage of all
/// five systems: they differ in network, masks, pixels and optimizer).
///
/// The loss of an update is the squared error summed over all masked tokens of all ranks and micro-batches, divided by
/// their number (G8): the same as one big batch.
class Pretrain final : public Stage {
 public:
  static constexpr const char* kStream = "faces";

  /// Holds the set's network and the world's group, which outlive it. steps_per_epoch: of the stream; may be 0 if
  /// config.train.steps is given. Collective.
  Pretrain(const PretrainConfig& config, models::Set& set, distributed::World& world, int64_t steps_per_epoch);

  std::string name() const override { return "pretrain"; }
  int64_t steps() const override { return trainer_.steps(); }
  int64_t position() const override { return trainer_.position(); }
  StepReport step(const data::Step& step) override;
  void finish() override { trainer_.finish(); }
  std::vector<Part*> parts() override { return trainer_.parts(); }

 private:
  torch::Tensor loss(const data::Batch& batch);

  int64_t samples_;  // an update
  Normaliser pixels_;
  Trainer trainer_;
};

}  // namespace realface::stages
