#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "models/mae/config.h"

namespace realface::models {

/// All that a reader of a masked autoencoder's weights has to know to use them.
struct MaeDescription {
  MaeConfig config;
  std::string pixels = "imagenet";  // how pixels were normalised: imagenet | unit, as stages::Normaliser takes it
};

/// {"architecture": "mae", "image": 224, ..., "norm_pix": false, "pixels": "imagenet"}, and back.
nlohmann::json describe(const MaeConfig& config, const std::string& pixels);
/// Throws Error if it describes another architecture or says what this program does not know.
MaeDescription mae_description(const nlohmann::json& description);

/// Takes out what describes the decoder, for weights of an encoder alone.
void forget_decoder(nlohmann::json& description);

}  // namespace realface::models
