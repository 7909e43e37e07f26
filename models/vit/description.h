#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "models/vit/config.h"

namespace realface::models {

/// All that a reader of a classifier's weights has to know to use them.
struct VitDescription {
  VitConfig config;
  std::string pixels = "imagenet";  // how pixels were normalised: imagenet | unit, as stages::Normaliser takes it
};

/// {"architecture": "vit", "image": 224, ..., "pixels": "imagenet"}, and back.
nlohmann::json describe(const VitConfig& config, const std::string& pixels);
/// Throws Error if it describes another architecture or says what this program does not know.
VitDescription vit_description(const nlohmann::json& description);

}  // namespace realface::models
