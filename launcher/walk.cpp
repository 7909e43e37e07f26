#include "launcher/walk.h"

#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/folder_lock.h"
#include "base/log.h"
#include "checkpoints/saver.h"
#include "cluster/metrics/metrics.h"
#include "configs/printer.h"
#include "configs/run_folder.h"
#include "data/streams.h"
#include "distributed/agreement.h"
#include "launcher/version.h"
#include "stages/evaluate/validation.h"
#include "stages/recipe.h"

namespace realface::launcher {
namespace {

/// Collective: only rank 0 writes, all learn of a folder that cannot be written. The lock (of rank 0) keeps a second
/// start of the same run away.
std::unique_ptr<FolderLock> open_run_folder(const configs::Config& config, distributed::World& world) {
  std::unique_ptr<FolderLock> lock;
  distributed::agree(world.host_group(), "run folder", [&] {
    if (world.rank() != 0) { return; }
    make_folder(config.run.dir);
    lock = std::make_unique<FolderLock>(config.run.dir);
    configs::claim_run_folder(config);  // under the lock: another start may have claimed it a moment ago
    log::also_to(config.run.dir + "/log.txt");
  });
  return lock;
}

/// What every rank waited for when a collective hung, for whoever asks why.
void keep_hang_dumps(const configs::Config& config, distributed::World& world) {
  const auto file = config.run.dir + "/hang-rank-" + std::to_string(world.rank()) + ".txt";
  world.set_hang_sink([file](const std::string& dump) { publish_file(file, dump); });
}

void tell_world(distributed::World& world) {
  std::istringstream lines(world.banner());
  const std::string warning = "warning: ";
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(warning)) {
      log::info(line);
    } else if (world.rank() == 0) {
      log::warn(line.substr(warning.size()));
    }
  }
}

checkpoints::Provenance provenance(const configs::Config& config, const data::Streams& data) {
  return {configs::to_json(config),         data.dataset_digest(),        code_version(), config.seed, data.crops(),
          configs::changeable_keys(config), configs::default_json(config)};
}

std::vector<Part*> all_parts(models::Set& models, stages::Stage& stage, data::Streams& data) {
  auto parts = models.parts();
  for (auto* part : stage.parts()) { parts.push_back(part); }
  for (auto* part : data.parts()) { parts.push_back(part); }
  return parts;
}

std::string run_id(const configs::Config& config) {
  const auto folder = std::filesystem::absolute(config.run.dir).lexically_normal();
  return folder.has_filename() ? folder.filename().string() : folder.parent_path().filename().string();
}

}  // namespace

stages::Ending walk(const configs::Config& config, distributed::World& world) {
  const auto lock = open_run_folder(config, world);
  keep_hang_dumps(config, world);
  tell_world(world);
  auto models = config.recipe->build(config.seed, world.device(), world.host_group());
  const auto data = data::open(config.data, config.recipe->needs(config.seed, world.size()), world);
  const auto stage = config.recipe->make({world, models, *data, config.data, config.run.dir, config.seed});
  checkpoints::Saver saver(config.checkpoint, config.run.dir, world, provenance(config, *data),
                           all_parts(models, *stage, *data));
  cluster::Metrics metrics(config.metrics, config.run.dir, run_id(config), world);
  if (const auto step = saver.resume_latest()) {
    metrics.resumed(*step);
    log::info("resumed " + config.run.dir + " at step " + std::to_string(*step));
  } else {
    config.recipe->begin(models, world.host_group());
  }

  const auto evaluation = stages::validation(config.loop, models, config.data, world);
  const auto ending = stages::run(*stage, *data, saver, metrics, world, config.loop, evaluation);
  if (ending == stages::Ending::finished && world.rank() == 0) { configs::mark_finished(config, code_version()); }
  return ending;
}

stages::Ending walk_all(const std::vector<configs::Config>& entries, distributed::World& world) {
  auto ending = stages::Ending::finished;
  for (const auto& config : entries) {
    if (configs::is_finished(config, world.host_group())) {
      log::info("skipping " + config.name + ": " + config.run.dir + " is finished");
      continue;
    }
    ending = walk(config, world);
    if (ending != stages::Ending::finished) { break; }
  }
  return ending;
}

void leave(stages::Ending ending) {
  if (ending != stages::Ending::interrupted) { return; }
  throw Error("[run] stopped by a signal; the same command continues from the last checkpoint", ExitCode::requeue);
}

}  // namespace realface::launcher
