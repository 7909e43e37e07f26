#pragma once

#include <string>

#include "models/mae/mae.h"

namespace realface::stages {

/// Copies weights to begin with into the network (G17) from a safetensors file with the names of facebookresearch/mae,
/// bare or below `module.`, `model.`, `encoder.` or `mae.`: a whole autoencoder, or an encoder alone, as timm's vision
/// transformers are; the decoder then stays as it was initialised, and a classifier's `head.*` and `fc_norm.*` are
/// passed by. Throws Error listing names that are missing, unknown or of another shape; the network is then unchanged.
/// Returns what was read, for people: "enc.safetensors (encoder only), SHA-256 5f0c...".
std::string load_initial_weights(const std::string& path, models::MaeImpl& network);

}  // namespace realface::stages
