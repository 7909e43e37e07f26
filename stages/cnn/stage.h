#pragma once

#include <string>

#include "stages/cnn/recipe.h"
#include "stages/training/pixels.h"
#include "stages/training/trainer_stage.h"

namespace realface::stages {

/// Training of the plain network "cnn" of the set on single whole faces , real and fake
/// (training/labelled.h). Nothing in it knows of real faces or facial parts.
class Cnn final : public TrainerStage {
 public:
  /// What `walk` refers to outlives the stage. Collective.
  Cnn(const CnnStageConfig& config, const Walk& walk);

  std::string name() const override { return "cnn"; }
  StepReport step(const data::Step& step) override;

 private:
  int64_t samples_;  // an update
  Normaliser pixels_;
};

}  // namespace realface::stages
