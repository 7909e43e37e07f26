#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "configs/run_folder.h"
#include "launcher/commands.h"
#include "launcher/training_options.h"
#include "launcher/walk.h"
#include "stages/signals.h"

namespace realface::launcher {
namespace {

void train(const TrainingOptions& options) {
  if (print_config(options)) { return; }
  const auto config = configs::load(options.arguments);
  configs::refuse_other_run(config);
  const stages::StopSignals signals;
  leave(distributed::in_world(config.world, [&](auto& world) { return walk(config, world); }));
}

}  // namespace

void add_train(CLI::App& app) {
  auto* command = app.add_subcommand("train", "Train the stage that a file names; resumes its run.dir");
  auto options = add_training_options(*command, "A stage file, for example configs/demo/pretrain.yaml");
  command->callback([options] { train(*options); });
}

}  // namespace realface::launcher
