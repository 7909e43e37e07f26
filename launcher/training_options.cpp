#include "launcher/training_options.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>

#include "configs/printer.h"

namespace realface::launcher {

std::shared_ptr<TrainingOptions> add_training_options(CLI::App& command, const std::string& config_help) {
  auto options = std::make_shared<TrainingOptions>();
  command.add_option("config", options->arguments.file, config_help)->required();
  command.add_option("overrides", options->arguments.overrides, "key=value, for example train.steps=100 seed=7");
  command.add_flag("--print-config", options->print_config, "Print the whole resolved configuration and do nothing");
  return options;
}

bool print_config(const TrainingOptions& options) {
  if (!options.print_config) { return false; }
  std::cout << configs::to_yaml(configs::load(options.arguments, configs::Completeness::for_reading));
  return true;
}

}  // namespace realface::launcher
