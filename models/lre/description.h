#pragma once

#include <nlohmann/json.hpp>

#include "models/lre/config.h"

namespace realface::models {

/// {"architecture": "lre", "size": "full", "image": 224, "taps": ["block2", ...], ...}, and back, as Xception's.
nlohmann::json describe(const LreConfig& config);
/// Throws Error if it describes another architecture or says what this program does not know.
LreConfig lre_description(const nlohmann::json& description);

}  // namespace realface::models
