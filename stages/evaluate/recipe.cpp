#include "stages/evaluate/recipe.h"

#include <fmt/format.h>

#include <algorithm>

#include "stages/evaluate/branches.h"
#include "stages/evaluate/stage.h"
#include "stages/training/frozen.h"
#include "stages/training/saved.h"

namespace realface::stages {

std::string EvaluateConfig::weights_of(const std::string& network) const {
  const auto found = networks.find(network);
  return found == networks.end() ? "" : found->second;
}

void EvaluateRecipe::fields(Visitor& v) {
  group(v, "weights", [&] {
    for (const auto& name : branch_names()) { v.weights(Key(name, true), config_.networks[name]); }
    for (const auto& partner : all_partners()) { v.weights(Key(partner.name, true), config_.networks[partner.name]); }
    v.weights("recovered", config_.recovered);
  });
  group(v, "evaluate", [&] {
    v.field("split", config_.split, {"train", "val", "test", "all"});
    v.field("frames", config_.frames, within(1, 1024));
    v.field("clips", config_.clips, within(1, 1024));
    v.field("select", config_.select, {});
    v.field(may_change("batch"), config_.batch, within(1, kMaxCount));
  });
}

void EvaluateRecipe::check(Checker& checker) const {
  const auto names = branch_names();
  if (std::ranges::any_of(names, [&](const auto& name) { return !config_.weights_of(name).empty(); })) { return; }
  checker.fault({"weights." + names.front()},
                fmt::format("none of weights.{} is set; name the entry or run of a trained detector",
                            fmt::join(names, ", weights.")));
}

nlohmann::json EvaluateRecipe::length() const {
  return {{"split", config_.split}, {"frames", config_.frames}, {"clips", config_.clips}, {"select", config_.select}};
}

models::Set EvaluateRecipe::build(uint64_t /*seed*/, torch::Device device, distributed::Communicator& host) const {
  models::Set set;
  for (const auto& name : branch_names()) {
    if (config_.weights_of(name).empty()) { continue; }
    const auto path = chosen_weights(config_.weights_of(name), host).string();
    add_frozen(set, path, name, device, host);
    for (const auto& [partner, saved] : partners_of(name)) {
      add_partner(set, config_.weights_of(partner), partner, saved, {path, name}, device, host);
    }
  }
  return set;
}

std::vector<data::StreamNeeds> EvaluateRecipe::needs(uint64_t /*seed*/, int /*world_size*/) const { return {}; }

std::unique_ptr<Stage> EvaluateRecipe::make(const Walk& walk) const {
  return std::make_unique<Evaluate>(config_, walk);
}

}  // namespace realface::stages
