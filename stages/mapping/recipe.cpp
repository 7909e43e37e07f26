#include "stages/mapping/recipe.h"

#include <fmt/format.h>

#include "base/log.h"
#include "models/mapping_net/description.h"
#include "stages/episodes/episode_stage.h"
#include "stages/mapping/learner.h"
#include "stages/training/weights.h"

namespace realface::stages {

void MappingRecipe::fields(Visitor& v) {
  group(v, "weights", [&] {
    v.weights("recovered", config_.recovered);
    v.weights("trunk", config_.trunk);
    v.weights("mae", config_.mae);
  });
  group(v, "model", [&] { models::fields(v, config_.model); });
  stages::fields(v, config_, /*locates=*/false);
}

void MappingRecipe::check(Checker& checker) const {
  models::check(config_.model, checker);
  stages::check(config_, /*maps=*/true, checker);
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
  require_current_targets(config_, host);
  take_licences_of_targets(config_, models, "mapping", host);
  if (config_.trunk.empty()) { return; }
  const auto loaded = load_weights(config_.trunk, models, "mapping", host, {.below = "trunk"});
  log::info("the mapping network begins with the trunk of " + loaded.source);
}

std::vector<data::StreamNeeds> MappingRecipe::needs(uint64_t seed, int /*world_size*/) const {
  auto faces = faces_needed(config_, config_.model.image, seed);
  faces.companion = config_.recovered;
  return episode_streams(config_.meta, faces);
}

std::unique_ptr<Stage> MappingRecipe::make(const Walk& walk) const {
  auto learner = std::make_unique<MappingLearner>(*walk.models.get<models::MappingNetImpl>("mapping"));
  return std::make_unique<EpisodeStage>("mapping", config_, std::move(learner), walk);
}

}  // namespace realface::stages
