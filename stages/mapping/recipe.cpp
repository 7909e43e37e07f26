#include "stages/mapping/recipe.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "data/loading/companion.h"
#include "distributed/agreement.h"
#include "models/mapping_net/description.h"
#include "stages/mapping/stage.h"
#include "stages/training/saved.h"
#include "stages/training/weights.h"

namespace realface::stages {

/// D13, G16: SGD, base rate 0.1 for 256 faces, 200 of 4,000 updates are warm-up.
MappingStageConfig::MappingStageConfig() {
  train.steps = 4000;
  train.optimizer.kind = "sgd";
  train.optimizer.weight_decay = 5e-4;
  train.schedule.lr = 0.1;
  train.schedule.warmup = 0.05;
  train.clip = 5;
}

void MappingRecipe::fields(Visitor& v) {
  group(v, "weights", [&] {
    v.weights("recovered", config_.recovered);
    v.weights("trunk", config_.trunk);
    v.weights("mae", config_.mae);
  });
  group(v, "model", [&] { models::fields(v, config_.model); });
  group(v, "meta", [&] { stages::fields(v, config_.meta); });
  group(v, "loss", [&] {
    v.field("cls", config_.cls, within(0, 1e6));
    v.field("mse", config_.mse, within(0, 1e6));
  });
  group(v, "train", [&] { stages::fields(v, config_.train, /*with_batch=*/false); });
}

void MappingRecipe::check(Checker& checker) const {
  models::check(config_.model, checker);
  stages::check(config_.meta, checker);
  auto train = config_.train;
  train.batch = train.accumulate;  // episodes are dealt, not single faces
  stages::check(train, checker);
  if (config_.recovered.empty()) {
    checker.fault({"weights.recovered"}, "weights.recovered is not set; name the entry or run of a `stage: composite`");
  }
  if (config_.train.dtype != "fp32") {
    checker.fault({"train.dtype"}, "train.dtype must be fp32: the inner loop needs gradients of gradients");
  }
}

nlohmann::json MappingRecipe::length() const { return stages::length(config_.train); }

models::Set MappingRecipe::build(uint64_t seed, torch::Device device, distributed::Communicator& /*host*/) const {
  auto network = std::make_shared<models::MappingNetImpl>(config_.model, seed);
  network->to(device);
  models::Set set;
  set.add("mapping", {.module = network,
                      .source = fmt::format("initialised from seed {}", seed),
                      .description = models::describe(config_.model)});
  return set;
}

void MappingRecipe::begin(models::Set& models, distributed::Communicator& host) const {
  if (!config_.mae.empty()) {
    const auto wanted = saved_sha256(config_.mae, "mae", host);
    distributed::agree(host, "companion", [&] {
      const auto made_by = data::Companion::facts_of(config_.recovered).weights_sha256;
      if (made_by == wanted) { return; }
      throw DataError(fmt::format(
          "[weights.recovered] {} was restored by weights of SHA-256 {}, but {} now holds {}: it is stale; run its "
          "stage again in a new run.dir",
          config_.recovered, made_by, config_.mae, wanted));
    });
  }
  if (config_.trunk.empty()) { return; }
  const auto loaded = load_weights(config_.trunk, models, "mapping", host, {.below = "trunk"});
  log::info("the mapping network begins with the trunk of " + loaded.source);
}

std::vector<data::StreamNeeds> MappingRecipe::needs(uint64_t seed, int /*world_size*/) const {
  data::StreamNeeds faces;
  faces.unit = "video";
  faces.augment = augmentation(config_.train);
  faces.accumulate = config_.train.accumulate;
  faces.seed = seed;
  faces.image = config_.model.image;
  faces.patch = 1;  // there are no patches
  faces.mask.kind = "none";
  faces.companion = config_.recovered;
  return episode_streams(config_.meta, faces);
}

std::unique_ptr<Stage> MappingRecipe::make(const Walk& walk) const { return std::make_unique<Mapping>(config_, walk); }

}  // namespace realface::stages
