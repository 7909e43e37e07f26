#pragma once

#include <cstdint>
#include <string>

#include "base/settings.h"
#include "models/layers/tokens.h"

namespace realface::models {

/// The sizes of a masked autoencoder. The defaults are ViT-B/16 with a decoder of 8 blocks, for single pictures.
struct MaeConfig {
  std::string size = "base";  // the preset that the numbers below began with
  int64_t image = 224, patch = 16;
  int64_t width = 768, depth = 12, heads = 12;
  int64_t decoder_width = 512, decoder_depth = 8, decoder_heads = 16;
  int64_t mlp_ratio = 4;
  bool norm_pix = false;             // G9: reconstructions must be decodable without the statistics of a forged patch
  std::string architecture = "mae";  // mae: of single pictures | video_mae: of clips
  int64_t frames = 1, tubelet = 1;   // of a clip

  TokenGrid cut() const { return {image, patch, frames, tubelet}; }
  bool of_clips() const { return architecture == "video_mae"; }
};

/// The keys of a network. A key that follows `architecture` and `size` begins with that preset's number, so that
/// reading a printed configuration gives the same one.
void fields(Visitor& visitor, MaeConfig& config);

/// Combinations of sizes that no network can have.
void check(const MaeConfig& config, Checker& checker);

/// base | large | huge | small | tiny: the widths and depths of the literature's names. Throws ConfigError for another.
MaeConfig mae_preset(const std::string& size, const std::string& architecture = "mae");

}  // namespace realface::models
