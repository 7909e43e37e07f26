#pragma once

#include <map>
#include <string>

#include "configs/config.h"
#include "configs/leaves.h"

namespace realface::configs {

/// Turns every reference to weights (`weights.mae: pretrain`) into a path: `entries` maps the entries that stand
/// earlier in the system's file to their run folders. Anything that is neither one of them nor a finished run folder
/// nor a file is a fault.
void resolve_references(Config& config, const std::map<std::string, std::string>& entries, const Leaves& leaves,
                        Faults& faults);

}  // namespace realface::configs
