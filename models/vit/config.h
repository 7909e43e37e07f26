#pragma once

#include <cstdint>
#include <string>

#include "base/settings.h"
#include "models/layers/tokens.h"

namespace realface::models {

/// The sizes of a vision transformer that classifies. The defaults are ViT-B/16, for single pictures.
struct VitConfig {
  std::string size = "base";  // the preset that the numbers below began with, of an autoencoder's encoder
  int64_t image = 224, patch = 16;
  int64_t width = 768, depth = 12, heads = 12, mlp_ratio = 4;
  std::string architecture = "vit";  // vit: of single pictures | video_vit: of clips
  int64_t frames = 1, tubelet = 1;   // of a clip

  TokenGrid cut() const { return {image, patch, frames, tubelet}; }
  bool of_clips() const { return architecture == "video_vit"; }
};

/// A key that follows `architecture` and `size` begins with that preset's number.
void fields(Visitor& visitor, VitConfig& config);
void size_fields(Visitor& visitor, VitConfig& config);  // without `architecture`
void check(const VitConfig& config, Checker& checker);

/// The encoder of models::mae_preset. Throws ConfigError for an unknown size.
VitConfig vit_preset(const std::string& size, const std::string& architecture = "vit");

}  // namespace realface::models
