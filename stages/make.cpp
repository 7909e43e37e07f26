#include "stages/make.h"

#include <ATen/core/grad_mode.h>

#include "base/error.h"
#include "base/log.h"
#include "distributed/agreement.h"
#include "stages/training/initial_weights.h"

namespace realface::stages {
namespace {

void check_name(const StageConfig& config) {
  if (config.name != "pretrain") {
    throw ConfigError("[stage] there is no stage '" + config.name + "'; expected pretrain");
  }
}

}  // namespace

std::vector<std::string> stage_names() { return {"pretrain"}; }

models::Set build_models(const StageConfig& config, torch::Device device) {
  check_name(config);
  auto mae = std::make_shared<models::MaeImpl>(config.pretrain.model, config.pretrain.seed);
  mae->to(device);
  models::Set set;
  set.add("mae", {mae, false, "initialised from seed " + std::to_string(config.pretrain.seed)});
  return set;
}

void read_init(const StageConfig& config, models::Set& set, distributed::Communicator& host) {
  if (config.pretrain.init.empty()) { return; }
  distributed::agree(host, "init", [&] {
    const auto source = load_initial_weights(config.pretrain.init, *set.get<models::MaeImpl>("mae"));
    set.note_source("mae", source);
    log::info("the network begins with the weights of " + source);
  });
}

std::vector<data::StreamNeeds> needs(const StageConfig& config) {
  check_name(config);
  const auto& pretrain = config.pretrain;
  data::StreamNeeds faces;
  faces.name = Pretrain::kStream;
  faces.augment.flip = pretrain.train.flip;
  faces.batch = pretrain.train.batch;
  faces.accumulate = pretrain.train.accumulate;
  faces.seed = pretrain.seed;
  faces.image = pretrain.model.image;
  faces.patch = pretrain.model.patch;
  faces.mask = pretrain.mask;
  return {faces};
}

std::unique_ptr<Stage> make(const StageConfig& config, models::Set& set, distributed::World& world,
                            int64_t steps_per_epoch) {
  check_name(config);
  return std::make_unique<Pretrain>(config.pretrain, set, world, steps_per_epoch);
}

}  // namespace realface::stages
