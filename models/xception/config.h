#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/settings.h"

namespace realface::models {

struct XceptionConfig {
  std::string size = "full";  // full: as published | small: for pictures of about 64 pixels
  int64_t image = 224;
  int64_t classes = 0;  // outputs of the last layer; 0: there is none. Not a key: it follows from the stage
};

/// model.size and model.image.
void fields(Visitor& visitor, XceptionConfig& config);

/// Widths of the parts, in the order of the network.
struct XceptionShape {
  std::array<int64_t, 2> stem{32, 64};
  int64_t stem_stride = 2;
  std::array<int64_t, 3> entry{128, 256, 728};    // of blocks 1 to 3, each of which halves the picture
  int64_t middle = 8;                             // blocks of the last of these widths
  std::array<int64_t, 3> exit{1024, 1536, 2048};  // of the last block, which halves the picture, and of two layers

  int64_t blocks() const { return static_cast<int64_t>(entry.size()) + middle + 1; }
  /// N of "blockN", the name of a block; 0: there is no such block.
  int64_t block(const std::string& name) const;
};
XceptionShape xception_shape(const std::string& size);

}  // namespace realface::models
