#pragma once

#include <string>

#include "distributed/world.h"

namespace realface::launcher {

struct NetworkExport {
  std::string run, network, target, out;  // network: "" takes the only one of the run
};

/// Writes one trained network of a stage's run folder, or of a checkpoint of it, for another program (docs/weights.md).
/// Collective. Throws Error and UsageError; no file is written or changed then.
void export_network(const NetworkExport& options, distributed::World& world);

}  // namespace realface::launcher
