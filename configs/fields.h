#pragma once

#include "base/settings.h"
#include "configs/config.h"

namespace realface::configs {

/// Shows every key of the configuration to the visitor: those of all stages, and those of the recipe.
void fields(Visitor& visitor, Config& config);

}  // namespace realface::configs
