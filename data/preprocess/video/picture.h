#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace realface::data::preprocess {

/// A decoded picture: u8 RGB, full range, rows of `stride` bytes. Owns its pixels.
struct Picture {
  int width = 0, height = 0;
  size_t stride = 0;  // bytes from row to row, at least 3 x width
  std::vector<uint8_t> pixels;

  size_t bytes() const { return pixels.size(); }
};

/// Rows are padded: the colour converter writes a few bytes past the last pixel.
inline size_t picture_stride(int width) { return (static_cast<size_t>(width) * 3 + 127) / 64 * 64; }
inline size_t picture_bytes(int width, int height) { return picture_stride(width) * static_cast<size_t>(height) + 64; }

/// An empty picture of that size.
inline Picture make_picture(int width, int height) {
  return {width, height, picture_stride(width), std::vector<uint8_t>(picture_bytes(width, height))};
}

}  // namespace realface::data::preprocess
