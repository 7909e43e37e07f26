#pragma once

#include <nlohmann/json.hpp>

#include "models/xception/config.h"

namespace realface::models {

/// {"architecture": "xception", "size": "full", "image": 224, "classes": 2}, and back; without `classes` if
/// there are none. Pictures are normalised by a mean and a deviation of 0.5 (E9).
nlohmann::json describe(const XceptionConfig& config);
/// Throws Error if it describes another architecture or says what this program does not know.
XceptionConfig xception_description(const nlohmann::json& description);

}  // namespace realface::models
