#include "launcher/detect/load.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/error.h"
#include "configs/run_folder.h"
#include "distributed/agreement.h"
#include "stages/detect/detector_file.h"
#include "stages/evaluate/recipe.h"
#include "stages/training/saved.h"

namespace realface::launcher {
namespace {

namespace fs = std::filesystem;

stages::Detector detector_of_run(const std::string& run, distributed::World& world) {
  const auto config = evaluation_of(run);
  const auto& recipe = dynamic_cast<const stages::EvaluateRecipe&>(*config.recipe);
  stages::Detector detector{
      recipe.build(config.seed, world.device(), world.host_group()), {}, world.device(), {}, {}, {}};
  detector.branches = stages::branches_of(detector.networks, world.device());
  detector.crops = nlohmann::json::object();
  for (const auto& name : detector.names()) {  // of the first that says it; all were trained on the same dataset's
    if (!detector.crops.empty()) { break; }
    detector.crops = stages::saved_crops(recipe.config().weights_of(name), name, world.host_group());
  }
  return detector;
}

/// Ranks on other machines may read another file under the same path.
stages::Detector detector_of_file(const std::string& path, distributed::World& world) {
  auto& host = world.host_group();
  std::optional<stages::Detector> detector;
  std::string digests;
  distributed::agree(host, "weights", [&] {
    detector = stages::read_detector(path, world.device());
    for (const auto& [name, entry] : detector->networks.entries()) { digests += detector->networks.sha256(name) + " "; }
  });
  const auto first = distributed::broadcast_string(host, digests);
  distributed::agree(host, "weights", [&] {
    if (digests == first) { return; }
    throw Error(fmt::format("{} is another file on rank {} than on rank 0; give a path that holds the same everywhere",
                            subject_of(path), host.rank()));
  });
  return std::move(*detector);
}

}  // namespace

std::string evaluation_folder(const std::string& run) {
  const auto inner = fs::path(run) / "evaluate";
  return fs::exists(inner) ? inner.string() : run;
}

configs::Config evaluation_of(const std::string& run) {
  const auto folder = evaluation_folder(run);
  auto config = configs::load_run(folder);
  const auto* recipe = dynamic_cast<const stages::EvaluateRecipe*>(&*config.recipe);
  if (recipe == nullptr) {
    throw Error(subject_of(run) + " is the run of a stage '" + config.stage +
                "'; expected the run folder of a whole system, or of its evaluation");
  }
  if (!configs::has_finished(folder)) {
    throw Error(subject_of(folder) + " is an evaluation that has not finished; start its run again");
  }
  if (!recipe->config().select.empty()) {
    throw ConfigError(
        subject_of(run) + " was evaluated with evaluate.select=" + recipe->config().select +
        ", whose choice of checkpoints is not kept; evaluate its newest ones in another run.dir, and name that");
  }
  return config;
}

stages::Detector load_detector(const std::string& weights, distributed::World& world) {
  if (!fs::exists(weights)) {
    throw Error(subject_of(weights) + " does not exist; name a detector file, or the run folder of a finished system");
  }
  return fs::is_directory(weights) ? detector_of_run(weights, world) : detector_of_file(weights, world);
}

data::preprocess::CropPolicy crop_policy(const stages::Detector& detector, const std::string& weights,
                                         const std::string& finder, bool any_crops) {
  data::preprocess::CropPolicy policy;
  const auto& crops = detector.crops;
  policy.size = static_cast<int>(detector.branches.front().image);
  policy.margin = crops.value("margin", policy.margin);
  policy.crop = crops.value("crop", policy.crop);
  policy.align = crops.value("align", policy.align);
  if (!data::preprocess::is_alignment(policy.align)) {
    throw ConfigError(fmt::format("{} was trained on faces that were aligned by '{}', which this program does not know",
                                  subject_of(weights), policy.align));
  }
  if (any_crops) { return policy; }
  if (crops.empty()) {
    throw ConfigError(subject_of(weights) +
                      " does not say how its faces were cut out; with --crops any they are cut out as preprocess does");
  }
  const auto there = crops.value("detector", finder);
  if (there == finder) { return policy; }
  throw ConfigError(
      fmt::format("{} was trained on faces that were found by '{}'; here they are found by '{}', so its scores would "
                  "mean nothing; give its --detector-model, or --crops any",
                  subject_of(weights), there, finder));
}

}  // namespace realface::launcher
