#pragma once

#include <vector>

#include "configs/cell.h"
#include "configs/protocol.h"
#include "distributed/world.h"
#include "stages/run.h"

/// All trainings of a protocol.
namespace realface::launcher {

struct PlannedCell {
  configs::Cell cell;
  std::vector<configs::CellEntry> entries;
};

struct Plan {
  configs::Protocol protocol;
  std::vector<PlannedCell> cells;  // in the order in which they run
};

/// Loads every cell. Throws ConfigError for a protocol that cannot be run or whose run folders belong to another one.
/// Only reads, so every rank may call it before the world is joined.
Plan load_plan(const configs::Arguments& arguments);

/// Refuses methods of which a split that is trained on or tested has no fakes, and sets without faces, before hours
/// were spent on others. Throws DataError naming them, and for a folder that is no dataset.
void require_fakes(const Plan& plan);

/// Runs one cell after another, skipping what is finished, and keeps the table of what is done in RUN/protocol.json
/// after each. Collective.
stages::Ending run_plan(const Plan& plan, distributed::World& world);

}  // namespace realface::launcher
