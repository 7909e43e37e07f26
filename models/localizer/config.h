#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/settings.h"
#include "models/localizer/senet.h"
#include "models/mapping_net/mapping_net.h"

namespace realface::models {

/// The localiser of Delocate (L1 to L3).
struct LocalizerConfig {
  std::string encoder = "senet154";  // senet154 | se_resnet50 | small: for small pictures
  MappingConfig mapping;
  bool maps = true, locates = true;  // ablations: without the mapping network, without encoder and decoder

  LocalizerConfig() { mapping.classifies = false; }
};

void fields(Visitor& visitor, LocalizerConfig& config);
void check(const LocalizerConfig& config, Checker& checker);

/// Encoder, and widths of the decoder's stages from the largest picture on.
struct LocalizerShape {
  SeNetShape encoder;
  std::array<int64_t, 4> decoder{64, 128, 256, 384};
  int64_t last = 32;
};
LocalizerShape localizer_shape(const std::string& encoder);

}  // namespace realface::models
