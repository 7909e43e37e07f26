#pragma once

#include <cstdint>
#include <vector>

#include "stages/stage.h"
#include "stages/training/trainer.h"

namespace realface::stages {

/// A stage that does nothing but train: it adds its name and its loss to a Trainer.
class TrainerStage : public Stage {
 public:
  int64_t steps() const override { return trainer_.steps(); }
  int64_t position() const override { return trainer_.position(); }
  void finish() override { trainer_.finish(); }
  std::vector<Part*> parts() override { return trainer_.parts(); }

 protected:
  TrainerStage(const TrainConfig& config, models::Set& set, distributed::World& world, int64_t steps_per_epoch,
               const Optimizer::Rule& rule = Optimizer::mae_rule)
      : trainer_(config, set, world, steps_per_epoch, rule) {}

  Trainer trainer_;
};

}  // namespace realface::stages
