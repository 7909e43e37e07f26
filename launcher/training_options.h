#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <string>

#include "configs/load.h"

namespace realface::launcher {

/// CONFIG [key=value ...] [--print-config], as every training command has them.
struct TrainingOptions {
  configs::Arguments arguments;
  bool print_config = false;
};

/// The options live as long as the callback that holds them.
std::shared_ptr<TrainingOptions> add_training_options(CLI::App& command, const std::string& config_help);

}  // namespace realface::launcher
