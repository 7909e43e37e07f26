#pragma once

#include <string>

#include "configs/config.h"
#include "configs/visitor.h"

namespace realface::configs {

/// Shows every key of the configuration to the visitor. A key that follows `model.size` begins with that preset's
/// number: so reading a printed configuration gives the same configuration.
void fields(Visitor& visitor, Config& config);

}  // namespace realface::configs
