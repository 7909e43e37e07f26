#include <iostream>
#include <vector>

#include "base/log.h"
#include "configs/load.h"
#include "configs/printer.h"
#include "configs/run_folder.h"
#include "distributed/failure.h"
#include "launcher/commands.h"
#include "launcher/training_options.h"
#include "launcher/walk.h"

namespace realface::launcher {
namespace {

void print(const std::vector<configs::Config>& stages) {
  for (const auto& config : stages) { std::cout << (stages.size() > 1 ? "---\n" : "") << configs::to_yaml(config); }
}

stages::Ending walk_all(const std::vector<configs::Config>& stages, distributed::World& world) {
  auto ending = stages::Ending::finished;
  for (const auto& config : stages) {
    if (configs::is_finished(config)) {
      log::info("skipping " + config.stage.name + ": " + config.run.dir + " is finished");
      continue;
    }
    ending = walk(config, world);
    if (ending != stages::Ending::finished) { break; }
  }
  return ending;
}

void run_system(const TrainingOptions& options) {
  if (options.print_config) {
    print(configs::load_system(options.arguments, configs::Completeness::for_reading));
    return;
  }
  const auto stages = configs::load_system(options.arguments);
  for (const auto& config : stages) { configs::refuse_other_run(config); }
  leave([&] {
    auto world = distributed::World::join(stages.front().world);
    return distributed::guarded([&] { return walk_all(stages, world); });
  }());
}

}  // namespace

void add_run(CLI::App& app) {
  auto* command = app.add_subcommand("run", "Run every stage of a system in order, each in run.dir/STAGE; resumable");
  auto options = add_training_options(*command, "A system file, for example configs/demo/demo.yaml");
  command->callback([options] { run_system(*options); });
}

}  // namespace realface::launcher
