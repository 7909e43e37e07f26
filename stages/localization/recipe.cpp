#include "stages/localization/recipe.h"

#include <fmt/format.h>

#include "base/log.h"
#include "models/localizer/description.h"
#include "stages/episodes/episode_stage.h"
#include "stages/localization/learner.h"
#include "stages/training/weights.h"

namespace realface::stages {

static constexpr const char* kLocalizer = "localizer";

void LocalizationRecipe::fields(Visitor& v) {
  group(v, "weights", [&] {
    v.weights("recovered", config_.recovered);
    v.weights("trunk", config_.trunk);
    v.weights("encoder", config_.encoder);
    v.weights("mae", config_.mae);
  });
  group(v, "model", [&] {
    models::fields(v, config_.model);
    v.field("dropout", config_.dropout, within(0, 0.99));
  });
  stages::fields(v, config_, /*locates=*/true);
}

void LocalizationRecipe::check(Checker& checker) const {
  models::check(config_.model, checker);
  stages::check(config_, config_.model.maps, checker);
  if (!config_.model.maps && !config_.trunk.empty()) {
    checker.fault({"weights.trunk", "model.maps"},
                  "weights.trunk is given, but model.maps is false: there is no trunk");
  }
  if (!config_.model.locates && !config_.encoder.empty()) {
    checker.fault({"weights.encoder", "model.locates"},
                  "weights.encoder is given, but model.locates is false: there is no encoder");
  }
}

nlohmann::json LocalizationRecipe::length() const { return stages::length(config_.train); }

models::Set LocalizationRecipe::build(uint64_t seed, torch::Device device, distributed::Communicator& /*host*/) const {
  auto network = std::make_shared<models::LocalizerImpl>(config_.model, seed);
  network->to(device);
  models::Set set;
  set.add(kLocalizer, {.module = network,
                       .source = fmt::format("initialised from seed {}", seed),
                       .description = models::describe(config_.model)});
  return set;
}

void LocalizationRecipe::begin(models::Set& models, distributed::Communicator& host) const {
  if (config_.model.maps) {
    require_current_targets(config_, host);
    take_licences_of_targets(config_, models, kLocalizer, host);
  }
  if (!config_.trunk.empty()) {
    const auto loaded = load_weights(config_.trunk, models, kLocalizer, host, {.below = "mapping.trunk"});
    log::info("the localiser begins with the trunk of " + loaded.source);
  }
  if (!config_.encoder.empty()) {
    const WeightsPart part{.below = "encoder", .padded = "layer0.conv1.weight"};
    const auto loaded = load_weights(config_.encoder, models, kLocalizer, host, part);
    log::info("the localiser begins with the encoder of " + loaded.source);
  }
}

std::vector<data::StreamNeeds> LocalizationRecipe::needs(uint64_t seed, int /*world_size*/) const {
  auto faces = faces_needed(config_, config_.model.mapping.image, seed);
  if (config_.model.maps) { faces.companion = config_.recovered; }
  faces.truth = config_.model.locates;
  return episode_streams(config_.meta, faces);
}

std::unique_ptr<Stage> LocalizationRecipe::make(const Walk& walk) const {
  auto& network = *walk.models.get<models::LocalizerImpl>(kLocalizer);
  auto learner = std::make_unique<LocalizerLearner>(network, config_.dropout, walk.seed);
  return std::make_unique<EpisodeStage>(kLocalizer, config_, std::move(learner), walk);
}

}  // namespace realface::stages
