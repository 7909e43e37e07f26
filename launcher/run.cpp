#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>
#include <vector>

#include "configs/load.h"
#include "configs/printer.h"
#include "configs/run_folder.h"
#include "launcher/commands.h"
#include "launcher/training_options.h"
#include "launcher/walk.h"
#include "stages/signals.h"

namespace realface::launcher {
namespace {

void print(const std::vector<configs::Config>& entries) {
  for (const auto& config : entries) {
    std::cout << (entries.size() > 1 ? "---\n# " + config.name + "\n" : "") << configs::to_yaml(config);
  }
}

void run_system(const TrainingOptions& options) {
  if (options.print_config) {
    print(configs::load_system(options.arguments, configs::Completeness::for_reading));
    return;
  }
  const auto entries = configs::load_system(options.arguments);
  for (const auto& config : entries) { configs::refuse_other_run(config); }
  const stages::StopSignals signals;  // over all entries: a signal between two of them stops the next
  leave(distributed::in_world(entries.front().world, [&](auto& world) { return walk_all(entries, world); }));
}

}  // namespace

void add_run(CLI::App& app) {
  auto* command = app.add_subcommand("run", "Run every entry of a system in order, each in run.dir/NAME; resumable");
  auto options = add_training_options(*command, "A system file, for example configs/demo/deepfakemae.yaml");
  command->callback([options] { run_system(*options); });
}

}  // namespace realface::launcher
