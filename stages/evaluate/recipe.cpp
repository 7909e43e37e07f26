#include "stages/evaluate/recipe.h"

#include "stages/evaluate/branches.h"
#include "stages/evaluate/stage.h"
#include "stages/training/frozen.h"

namespace realface::stages {

const std::string& EvaluateConfig::weights_of(const std::string& branch) const {
  if (branch == "vit") { return vit; }
  if (branch == "mapping") { return mapping; }
  return branch == "localizer" ? localizer : cnn;
}

void EvaluateRecipe::fields(Visitor& v) {
  group(v, "weights", [&] {
    v.weights("vit", config_.vit);
    v.weights("mapping", config_.mapping);
    v.weights("localizer", config_.localizer);
    v.weights("cnn", config_.cnn);
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
  const bool none = config_.vit.empty() && config_.mapping.empty() && config_.localizer.empty() && config_.cnn.empty();
  if (none) {
    checker.fault(
        {"weights.vit", "weights.mapping", "weights.localizer", "weights.cnn"},
        "none of weights.vit, weights.mapping, weights.localizer and weights.cnn is set; name the entry or run "
        "of a trained detector");
  }
}

nlohmann::json EvaluateRecipe::length() const {
  return {{"split", config_.split}, {"frames", config_.frames}, {"clips", config_.clips}, {"select", config_.select}};
}

models::Set EvaluateRecipe::build(uint64_t /*seed*/, torch::Device device, distributed::Communicator& host) const {
  models::Set set;
  for (const auto& name : branch_names()) {
    add_frozen(set, config_.weights_of(name), name, device, host,
               [&](const nlohmann::json& description) { return make_branch_network(name, description); });
  }
  return set;
}

std::vector<data::StreamNeeds> EvaluateRecipe::needs(uint64_t /*seed*/, int /*world_size*/) const { return {}; }

std::unique_ptr<Stage> EvaluateRecipe::make(const Walk& walk) const {
  return std::make_unique<Evaluate>(config_, walk);
}

}  // namespace realface::stages
