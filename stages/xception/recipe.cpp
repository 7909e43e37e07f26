#include "stages/xception/recipe.h"

#include <fmt/format.h>

#include "base/log.h"
#include "models/xception/description.h"
#include "models/xception/xception.h"
#include "stages/training/frame_classifier.h"
#include "stages/training/pixels.h"
#include "stages/training/weights.h"

namespace realface::stages {

static constexpr const char* kXception = "xception";

/// As the detector it is compared with (E9): 30 epochs of 200 updates by Adam.
XceptionStageConfig::XceptionStageConfig() {
  model.classes = 2;  // G21
  train = constant_adam(6000, 1e-4);
  train.flip = false;
}

void XceptionRecipe::fields(Visitor& v) {
  group(v, "weights", [&] { v.weights(kXception, config_.begin_with); });
  group(v, "model", [&] { models::fields(v, config_.model); });
  group(v, "train", [&] {
    stages::fields(v, config_.train);
    stages::fields(v, config_.fakes);
  });
}

void XceptionRecipe::check(Checker& checker) const {
  stages::check(config_.train, checker);
  stages::check(config_.fakes, config_.train, checker);
  if (config_.train.dtype != "fp32") {
    checker.fault({"train.dtype"},
                  "train.dtype must be fp32: this network's norms and depthwise layers gain nothing by bf16");
  }
}

nlohmann::json XceptionRecipe::length() const { return stages::length(config_.train); }

models::Set XceptionRecipe::build(uint64_t seed, torch::Device device, distributed::Communicator& /*host*/) const {
  auto network = std::make_shared<models::XceptionImpl>(config_.model, seed);
  network->to(device);
  models::Set set;
  set.add(kXception, {.module = network,
                      .source = fmt::format("initialised from seed {}", seed),
                      .description = models::describe(config_.model)});
  return set;
}

void XceptionRecipe::begin(models::Set& models, distributed::Communicator& host) const {
  if (config_.begin_with.empty()) { return; }
  const auto loaded = load_weights(config_.begin_with, models, kXception, host, {.saved = kXception, .headless = true});
  log::info("the network begins with the weights of " + loaded.source);
}

std::vector<data::StreamNeeds> XceptionRecipe::needs(uint64_t seed, int /*world_size*/) const {
  return labelled_streams(config_.fakes, config_.train, {.image = config_.model.image}, seed);
}

std::unique_ptr<Stage> XceptionRecipe::make(const Walk& walk) const {
  const Normaliser pixels("half", 1, walk.world.device());
  return std::make_unique<FrameClassifier<models::XceptionImpl>>(
      kXception, config_.train, walk, [pixels](models::XceptionImpl& network, const data::Batch& batch) {
        return network.forward(pixels.planes(batch.images));
      });
}

}  // namespace realface::stages
