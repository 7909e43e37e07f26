#include <iostream>
#include <memory>

#include "configs/load.h"
#include "configs/printer.h"
#include "configs/run_folder.h"
#include "distributed/failure.h"
#include "launcher/commands.h"
#include "launcher/training_options.h"
#include "launcher/walk.h"

namespace realface::launcher {
namespace {

void pretrain(const TrainingOptions& options) {
  if (options.print_config) {
    std::cout << configs::to_yaml(configs::load(options.arguments, configs::Completeness::for_reading));
    return;
  }
  const auto config = configs::load(options.arguments);
  configs::refuse_other_run(config);
  leave([&] {
    auto world = distributed::World::join(config.world);
    return distributed::guarded([&] { return walk(config, world); });
  }());
}

}  // namespace

void add_pretrain(CLI::App& app) {
  auto* command = app.add_subcommand("pretrain", "Train a masked autoencoder on real faces; resumes its run.dir");
  auto options = add_training_options(*command, "A stage file, for example configs/demo/pretrain.yaml");
  command->callback([options] { pretrain(*options); });
}

}  // namespace realface::launcher
