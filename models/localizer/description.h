#pragma once

#include <nlohmann/json.hpp>

#include "models/localizer/config.h"

namespace realface::models {

/// {"architecture": "localizer", "encoder": "senet154", ...}, and back, as mapping_net's. Pictures are normalised by
/// ImageNet's statistics (D7).
nlohmann::json describe(const LocalizerConfig& config);
/// Throws Error if it describes another architecture or says what this program does not know.
LocalizerConfig localizer_description(const nlohmann::json& description);

}  // namespace realface::models
