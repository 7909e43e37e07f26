#include "stages/residual/recipe.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/log.h"
#include "models/rffr/rffr.h"
#include "stages/residual/stage.h"
#include "stages/training/frozen.h"
#include "stages/training/saved.h"
#include "stages/training/weights.h"

namespace realface::stages {
namespace {

/// The transformer that a run or a file holds, alone in a set: an autoencoder's encoder, or a branch by itself.
models::Set transformer_of(const std::string& path, const models::RffrConfig& config, torch::Device device,
                           distributed::Communicator& host) {
  models::Set set;
  if (!checkpoint_folder(path, host).empty()) {
    add_frozen(set, path, "mae", device, host);
    return set;
  }
  const auto branch = std::make_shared<models::PatchBranch>(config.vit);
  branch->to(device);
  set.add("branch", {.module = branch, .frozen = true});
  load_weights(path, set, "branch", host);
  return set;
}

/// Copies what `branch` has from tensors of the same names.
void begin_with(torch::nn::Module& branch, const models::Entry& given) {
  const torch::NoGradGuard no_grad;
  const auto tensors = models::named_tensors(*given.module);
  for (const auto& [name, own] : models::named_tensors(branch)) {
    const auto found = tensors.find(name);
    if (found == tensors.end() || found->second.sizes() != own.sizes()) {
      throw ConfigError(fmt::format(
          "[weights.vit] {} has no {} of the shape {} that model.* asks for; give weights of the same model.* keys",
          given.source, name, fmt::join(own.sizes(), "x")));
    }
    own.detach().copy_(found->second);
  }
}

}  // namespace

/// F4 to F8: 15,000 updates of 16 real and 16 fake faces by Adam.
ResidualConfig::ResidualConfig() { train = constant_adam(15000, 2e-5); }

void ResidualRecipe::fields(Visitor& v) {
  group(v, "weights", [&] {
    v.weights("mae", config_.mae);
    v.weights("vit", config_.vit);
  });
  group(v, "model", [&] { models::vit_fields(v, config_.model); });
  group(v, "rffr", [&] {
    models::input_fields(v, config_.model);
    v.field("share", config_.share, above_up_to(0, 1));
  });
  group(v, "train", [&] {
    stages::fields(v, config_.train);
    stages::fields(v, config_.fakes);
  });
}

void ResidualRecipe::check(Checker& checker) const {
  models::check(config_.model, checker);
  stages::check(config_.train, checker);
  stages::check(config_.fakes, config_.train, checker);
  if (config_.model.needs_autoencoder() && config_.mae.empty()) {
    checker.fault(
        {"weights.mae", "rffr.source"},
        "weights.mae is not set; name the entry, run or file of an autoencoder that was trained on real faces");
  }
}

nlohmann::json ResidualRecipe::length() const { return stages::length(config_.train); }

models::Set ResidualRecipe::build(uint64_t seed, torch::Device device, distributed::Communicator& host) const {
  models::Set set;
  if (config_.model.needs_autoencoder()) { add_frozen(set, config_.mae, "mae", device, host); }
  auto detector = std::make_shared<models::RffrImpl>(config_.model, seed);
  detector->to(device);
  models::Entry entry;
  entry.module = detector;
  entry.source = fmt::format("initialised from seed {}", seed);
  entry.description = models::describe(config_.model);
  entry.again = [model = config_.model] { return std::make_shared<models::RffrImpl>(model); };
  set.add("rffr", std::move(entry));
  return set;
}

void ResidualRecipe::begin(models::Set& models, distributed::Communicator& host) const {
  if (config_.vit.empty()) { return; }
  const auto detector = models.get<models::RffrImpl>("rffr");
  const auto given = transformer_of(config_.vit, config_.model, detector->parameters().front().device(), host);
  const auto& entry = given.entries().begin()->second;
  for (const auto& branch : detector->branches()) { begin_with(*branch, entry); }
  models.note_source("rffr", entry.source, entry.licences);
  log::info("the branches begin with the weights of " + entry.source);
}

std::vector<data::StreamNeeds> ResidualRecipe::needs(uint64_t seed, int /*world_size*/) const {
  return labelled_streams(config_.fakes, config_.train, {config_.model.vit.image, config_.model.vit.patch}, seed);
}

std::unique_ptr<Stage> ResidualRecipe::make(const Walk& walk) const {
  if (config_.model.needs_autoencoder() && walk.data_config.crops == "same") {
    auto& host = walk.world.host_group();
    require_same_crops(config_.mae, "mae", saved_crops(config_.mae, "mae", host), walk.data.crops(), host);
  }
  return std::make_unique<Residual>(config_, walk);
}

}  // namespace realface::stages
