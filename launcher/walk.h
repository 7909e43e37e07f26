#pragma once

#include <vector>

#include "configs/config.h"
#include "distributed/world.h"
#include "stages/run.h"

namespace realface::launcher {

/// One stage from its configuration to its last checkpoint, resumed where its run folder holds one. Collective.
stages::Ending walk(const configs::Config& config, distributed::World& world);

/// One entry of a system after another; skips those that are finished. Collective.
stages::Ending walk_all(const std::vector<configs::Config>& entries, distributed::World& world);

/// How a training command leaves: throws Error with ExitCode::requeue where a signal ended the run. Call it when the
/// world was left, since an exception that unwinds through a World ends all ranks.
void leave(stages::Ending ending);

}  // namespace realface::launcher
