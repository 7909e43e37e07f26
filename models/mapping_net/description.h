#pragma once

#include <nlohmann/json.hpp>

#include "models/mapping_net/mapping_net.h"

namespace realface::models {

/// {"architecture": "mapping_net", "size": "full", "last": "bn_relu", "image": 224}, and back: all that a reader of a
/// mapping network's weights has to know to use them. Pictures are normalised by ImageNet's statistics (D7).
nlohmann::json describe(const MappingConfig& config);
/// Throws Error if it describes another architecture or says what this program does not know.
MappingConfig mapping_description(const nlohmann::json& description);

}  // namespace realface::models
