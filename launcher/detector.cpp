#include "launcher/detector.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "configs/run_folder.h"
#include "stages/evaluate/recipe.h"
#include "stages/training/saved.h"

namespace realface::launcher {
namespace {

namespace fs = std::filesystem;

/// The evaluation of a system's run folder, or that run folder itself: it says which networks score together.
configs::Config evaluation_of(const std::string& run) {
  const auto inner = fs::path(run) / "evaluate";
  auto config = configs::load_run(fs::exists(inner) ? inner.string() : run);
  if (dynamic_cast<const stages::EvaluateRecipe*>(&*config.recipe) != nullptr) { return config; }
  throw Error(subject_of(run) + " is the run of a stage '" + config.stage +
              "'; expected the run folder of a whole system, or of its evaluation");
}

void require_same_detector(const nlohmann::json& crops, const std::string& here, const std::string& run) {
  const auto there = crops.value("detector", here);
  const auto align = crops.value("align", "none");
  if (there == here && align == "none") { return; }
  throw ConfigError(fmt::format(
      "{} was trained on faces that were found by '{}' and aligned by '{}'; here they are found by '{}' and not aligned, "
      "so its scores would mean nothing; give its --detector-model, or --crops any",
      subject_of(run), there, align, here));
}

/// Of the first branch that says it; all were trained on the same dataset's.
data::preprocess::CropPolicy policy_of(const std::string& run, const stages::EvaluateRecipe& recipe,
                                       const std::vector<stages::Branch>& branches, const std::string& finder,
                                       bool any_crops, distributed::Communicator& host) {
  data::preprocess::CropPolicy policy;
  policy.size = static_cast<int>(branches.front().image);
  for (const auto& branch : branches) {
    const auto crops = stages::saved_crops(recipe.config().weights_of(branch.name), branch.name, host);
    if (crops.empty()) { continue; }
    if (!any_crops) { require_same_detector(crops, finder, run); }
    policy.margin = crops.value("margin", policy.margin);
    policy.crop = crops.value("crop", policy.crop);
    return policy;
  }
  if (any_crops) { return policy; }
  throw ConfigError(subject_of(run) +
                    " does not say how its faces were cut out; with --crops any they are cut out as preprocess does");
}

}  // namespace

std::vector<std::string> Detector::names() const {
  std::vector<std::string> all;
  for (const auto& branch : branches) { all.push_back(branch.name); }
  return all;
}

Detector load_detector(const std::string& run, const std::string& finder, bool any_crops, distributed::World& world) {
  const auto config = evaluation_of(run);
  const auto& recipe = dynamic_cast<const stages::EvaluateRecipe&>(*config.recipe);
  if (!recipe.config().select.empty()) {
    throw ConfigError(
        subject_of(run) + " was evaluated with evaluate.select=" + recipe.config().select +
        ", whose choice of checkpoints is not kept; evaluate its newest ones in another run.dir, and name that");
  }
  Detector detector{recipe.build(config.seed, world.device(), world.host_group()), {}, {}, world.device()};
  detector.branches = stages::branches_of(detector.networks, world.device());
  detector.policy = policy_of(run, recipe, detector.branches, finder, any_crops, world.host_group());
  return detector;
}

}  // namespace realface::launcher
