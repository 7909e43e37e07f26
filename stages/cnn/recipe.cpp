#include "stages/cnn/recipe.h"

#include <fmt/format.h>

#include "models/cnn/description.h"
#include "stages/training/frame_classifier.h"
#include "stages/training/pixels.h"

namespace realface::stages {

CnnStageConfig::CnnStageConfig() {
  train.steps = 1000;
  train.batch = 64;
  train.optimizer.beta2 = 0.999;
  train.schedule.lr_abs = 2e-3;
  train.schedule.warmup = 0.1;
}

void CnnRecipe::fields(Visitor& v) {
  group(v, "model", [&] { models::fields(v, config_.model); });
  group(v, "train", [&] {
    stages::fields(v, config_.train);
    stages::fields(v, config_.fakes);
  });
}

void CnnRecipe::check(Checker& checker) const {
  stages::check(config_.train, checker);
  stages::check(config_.fakes, config_.train, checker);
  if (config_.train.dtype != "fp32") {
    checker.fault({"train.dtype"}, "train.dtype must be fp32: batch norms of so small a network gain nothing by bf16");
  }
}

nlohmann::json CnnRecipe::length() const { return stages::length(config_.train); }

models::Set CnnRecipe::build(uint64_t seed, torch::Device device, distributed::Communicator& /*host*/) const {
  auto network = std::make_shared<models::CnnImpl>(config_.model, seed);
  network->to(device);
  models::Set set;
  set.add("cnn", {.module = network,
                  .source = fmt::format("initialised from seed {}", seed),
                  .description = models::describe(config_.model)});
  return set;
}

std::vector<data::StreamNeeds> CnnRecipe::needs(uint64_t seed, int /*world_size*/) const {
  return labelled_streams(config_.fakes, config_.train, {.image = config_.model.image}, seed);
}

std::unique_ptr<Stage> CnnRecipe::make(const Walk& walk) const {
  const Normaliser pixels("imagenet", 1, walk.world.device());
  return std::make_unique<FrameClassifier<models::CnnImpl>>(
      "cnn", config_.train, walk, [pixels](models::CnnImpl& network, const data::Batch& batch) {
        return network.forward(pixels.planes(batch.images));
      });
}

}  // namespace realface::stages
