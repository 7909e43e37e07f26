#pragma once

#include <torch/nn/module.h>
#include <functional>
#include <string>
#include <utility>

#include "stages/recipe.h"
#include "stages/training/classification.h"
#include "stages/training/labelled.h"
#include "stages/training/trainer_stage.h"

namespace realface::stages {

/// Training of one network of the set to tell fake from real single faces (labelled.h, classification.h): all that its
/// stage adds is how the network looks at a batch.
template <class Network>
class FrameClassifier final : public TrainerStage {
 public:
  /// [B, 2] of a micro-batch.
  using Logits = std::function<torch::Tensor(Network& network, const data::Batch& batch)>;

  /// name: of the network and of the stage. What `walk` refers to outlives the stage. Collective.
  FrameClassifier(std::string name, const TrainConfig& config, const Walk& walk, Logits logits)
      : TrainerStage(config, walk.models, walk.world, walk.data.steps_per_epoch()),
        name_(std::move(name)),
        samples_(config.batch),
        logits_(std::move(logits)) {}

  std::string name() const override { return name_; }
  StepReport step(const data::Step& step) override {
    auto& network = trainer_.template working<Network>(name_);
    return train_classifier(trainer_, labelled_batches(step), samples_,
                            [&](const data::Batch& batch) { return logits_(network, batch); });
  }

 private:
  std::string name_;
  int64_t samples_;  // an update
  Logits logits_;
};

}  // namespace realface::stages
