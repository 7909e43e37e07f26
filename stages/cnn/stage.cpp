#include "stages/cnn/stage.h"

#include "stages/training/classification.h"

namespace realface::stages {

Cnn::Cnn(const CnnStageConfig& config, const Walk& walk)
    : TrainerStage(config.train, walk.models, walk.world, walk.data.steps_per_epoch()),
      samples_(config.train.batch),
      pixels_("imagenet", 1, walk.world.device()) {}

StepReport Cnn::step(const data::Step& step) {
  auto& network = trainer_.working<models::CnnImpl>("cnn");
  return train_classifier(trainer_, labelled_batches(step), samples_,
                          [&](const data::Batch& batch) { return network.forward(pixels_.planes(batch.images)); });
}

}  // namespace realface::stages
