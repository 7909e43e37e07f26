#include "data/codec/kernels.h"

#include <cstddef>
#include <initializer_list>

namespace realface::data {
namespace {

uint8_t byte(int value) { return static_cast<uint8_t>(value); }

}  // namespace

void filter_planes(const uint8_t* rgb, int height, int width, uint8_t* planes) {
  const auto w = static_cast<size_t>(width);
  const size_t size = static_cast<size_t>(height) * w;
  uint8_t* green = planes;
  uint8_t* red = planes + size;
  uint8_t* blue = planes + 2 * size;
  for (size_t i = 0; i < size; ++i) {
    const int g = rgb[3 * i + 1];
    green[i] = byte(g);
    red[i] = byte(rgb[3 * i] - g);
    blue[i] = byte(rgb[3 * i + 2] - g);
  }
  // From the last row up, so that the row above is still unfiltered.
  for (uint8_t* plane : {green, red, blue}) {
    for (size_t i = size; i-- > w;) { plane[i] = byte(plane[i] - plane[i - w]); }
  }
}

void restore_planes_plain(uint8_t* planes, int height, int width, int first_column, uint8_t* rgb) {
  const auto w = static_cast<size_t>(width);
  const auto begin = static_cast<size_t>(first_column);
  const size_t size = static_cast<size_t>(height) * w;
  for (size_t row = 0; row < size; row += w) {
    uint8_t* green = planes + row;
    uint8_t* red = green + size;
    uint8_t* blue = red + size;
    if (row > 0) {
      for (uint8_t* plane : {green, red, blue}) {
        for (size_t x = begin; x < w; ++x) { plane[x] = byte(plane[x] + *(plane + x - w)); }
      }
    }
    uint8_t* out = rgb + 3 * row;
    for (size_t x = begin; x < w; ++x) {
      out[3 * x] = byte(red[x] + green[x]);
      out[3 * x + 1] = green[x];
      out[3 * x + 2] = byte(blue[x] + green[x]);
    }
  }
}

void restore_planes(uint8_t* planes, int height, int width, uint8_t* rgb) {
  static const bool kWide = has_avx2();
  const int done = kWide ? restore_planes_avx2(planes, height, width, rgb) : 0;
  if (done < width) { restore_planes_plain(planes, height, width, done, rgb); }
}

}  // namespace realface::data
