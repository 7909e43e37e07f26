#pragma once

#include <nlohmann/json.hpp>

#include "models/cnn/cnn.h"

namespace realface::models {

/// {"architecture": "cnn", "image": 224, "width": 24}, and back. Pictures are normalised by ImageNet's statistics.
nlohmann::json describe(const CnnConfig& config);
/// Throws Error if it describes another architecture or says what this program does not know.
CnnConfig cnn_description(const nlohmann::json& description);

}  // namespace realface::models
