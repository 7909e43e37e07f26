#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/codec/codec.h"

namespace realface::data {

using Pixels = std::vector<uint8_t>;  // RGB, [height, width, 3]

/// The picture of a blob; throws as decode_frame.
inline Pixels decoded(Codec codec, const std::string& blob, int height, int width) {
  Pixels out(static_cast<size_t>(height * width * 3), 7);
  decode_frame(codec, as_blob(blob), height, width, out.data());
  return out;
}

}  // namespace realface::data
