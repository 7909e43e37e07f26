#include "stages/evaluate/select.h"

#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "checkpoints/format/folder.h"
#include "distributed/agreement.h"
#include "stages/evaluate/score_videos.h"
#include "stages/scores/auc_of_videos.h"
#include "stages/training/weights.h"

namespace realface::stages {
namespace {

/// Steps that rank 0 sees in a run folder, newest first.
std::vector<int64_t> steps_of(const std::string& run_dir, distributed::Communicator& host) {
  nlohmann::json steps = nlohmann::json::array();
  distributed::agree(host, "select", [&] {
    if (host.rank() == 0) { steps = checkpoints::Folder(run_dir).steps(); }
  });
  return nlohmann::json::parse(distributed::broadcast_string(host, steps.dump())).get<std::vector<int64_t>>();
}

double auc_of(const Branch& branch, const SelectionVideos& videos, distributed::World& world) {
  const auto stream = videos.open();
  const auto scores = score_videos({branch}, *stream, videos.name, videos.table, nullptr, world);
  if (!scores) {
    throw Error("[evaluate.select] stopped by a signal, nothing was chosen; start the same command again",
                ExitCode::requeue);
  }
  const auto metrics = auc_of_videos(videos.table, scores->videos.select(1, 0), {});
  if (!std::isnan(metrics.auc)) { return metrics.auc; }
  throw ConfigError(fmt::format("[evaluate.select] '{}' has no AUC to choose by: {}; name a set with both classes",
                                videos.name, metrics.reason));
}

}  // namespace

nlohmann::json select_checkpoint(const Branch& branch, const std::string& weights, models::Set& set,
                                 const SelectionVideos& videos, distributed::World& world) {
  auto& host = world.host_group();
  const auto steps = steps_of(weights, host);
  if (steps.empty()) {
    throw ConfigError(fmt::format(
        "[evaluate.select] weights.{} is {}, which holds no checkpoints to choose from; name the folder of a run, or "
        "leave evaluate.select empty",
        branch.name, weights));
  }
  const auto load = [&](int64_t step) {
    load_weights(checkpoints::Folder(weights).step(step), set, branch.name, host, {.saved = branch.name});
  };
  int64_t best = -1;
  double highest = -1;
  for (const int64_t step : steps) {
    load(step);
    const double auc = auc_of(branch, videos, world);
    if (world.rank() == 0) { log::info(fmt::format("{} step-{}: AUC {} on {}", branch.name, step, auc, videos.name)); }
    if (auc > highest) { best = step, highest = auc; }
  }
  load(best);
  return {{"checkpoint", fmt::format("step-{}", best)}, {"auc", highest}, {"candidates", steps.size()}};
}

}  // namespace realface::stages
