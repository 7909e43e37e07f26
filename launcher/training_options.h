#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <string>

#include "configs/load.h"

namespace realface::launcher {

/// CONFIG [key=value ...] [--print-config], as every command on a recipe has them.
struct TrainingOptions {
  configs::Arguments arguments;
  bool print_config = false;
};

/// The options live as long as the callback that holds them.
std::shared_ptr<TrainingOptions> add_training_options(CLI::App& command, const std::string& config_help);

/// Prints the resolved configuration of a stage file and returns true, if that was asked for.
bool print_config(const TrainingOptions& options);

}  // namespace realface::launcher
