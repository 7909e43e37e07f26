#pragma once

#include <torch/types.h>
#include <map>
#include <string>
#include <vector>

#include "stages/training/pixels.h"
#include "stages/training/trainer.h"
#include "tests/stages/toy/recipe.h"

namespace realface::stages {

/// The teacher's features of faces, [B, D]: its class token over all patches.
class ToyFeatures {
 public:
  ToyFeatures(const ToyConfig& config, torch::Device device) : pixels_("imagenet", config.model.patch, device) {}
  torch::Tensor of(models::MaeImpl& teacher, const data::Batch& batch) const;

 private:
  Normaliser pixels_;
};

/// Pulls left(features) towards 1 on frames, and right(features) towards left(features) on videos.
class Toy final : public Stage {
 public:
  /// What `walk` refers to outlives the stage.
  Toy(const ToyConfig& config, const Walk& walk);

  std::string name() const override { return "toy"; }
  int64_t steps() const override { return trainer_.steps(); }
  int64_t position() const override { return trainer_.position(); }
  StepReport step(const data::Step& step) override;
  std::map<std::string, double> evaluate() override;
  void finish() override { trainer_.finish(); }
  std::vector<Part*> parts() override { return trainer_.parts(); }

 private:
  ToyConfig config_;
  Walk walk_;
  ToyFeatures features_;
  Trainer trainer_;
};

}  // namespace realface::stages
