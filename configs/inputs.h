#pragma once

#include <nlohmann/json.hpp>

#include "configs/config.h"

namespace realface::configs {

/// What an evaluation looks at, by path: of a run whose weights it takes, the SHA-256 of its newest checkpoint's
/// manifest; of a dataset, its digest. What is not there, and weights from plain files, are left out. Empty for other
/// stages: what they learned is not forgotten because what they began with has changed. Throws DataError for a damaged
/// dataset.
nlohmann::json inputs_of(const Config& config);

}  // namespace realface::configs
