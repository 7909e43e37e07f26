#pragma once

#include <functional>

#include "data/preprocess/video/picture.h"

namespace realface::data::preprocess {

/// A picture by a function of (x, y, channel), whose results are cut to bytes.
inline Picture picture_of(int width, int height, const std::function<int(int, int, int)>& value) {
  Picture picture = make_picture(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        picture.pixels[static_cast<size_t>(y) * picture.stride + static_cast<size_t>(3 * x + c)] =
            static_cast<uint8_t>(value(x, y, c));
      }
    }
  }
  return picture;
}

/// A pattern of 96 x 80, and the same with another one in the square from 30 to 50.
inline Picture forged_pattern(bool forged) {
  return picture_of(96, 80, [forged](int x, int y, int c) {
    const bool inside = forged && x >= 30 && x < 50 && y >= 30 && y < 50;
    return inside ? 40 + 11 * ((3 * x + 5 * y) % 13) : 60 + 10 * ((2 * x + 3 * y + c) % 11);
  });
}

}  // namespace realface::data::preprocess
