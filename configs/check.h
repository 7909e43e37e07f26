#pragma once

#include "configs/config.h"
#include "configs/leaves.h"

namespace realface::configs {

/// Combinations of single values, each valid alone, that no run can have. `leaves` says where the values stand.
void check_combinations(const Config& config, const Leaves& leaves, Faults& faults);

/// Keys that have no default and that a run needs.
void check_required(const Config& config, const std::string& file, Faults& faults);

}  // namespace realface::configs
