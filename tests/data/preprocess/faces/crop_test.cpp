#include "data/preprocess/faces/crop.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/data/preprocess/picture_of.h"

namespace realface::data::preprocess {
namespace {

TEST(CropPixels, CopiesAtScaleOne) {
  const auto value = [](int x, int y, int c) { return static_cast<uint8_t>(3 * x + 5 * y + 70 * c); };
  const auto crop = crop_pixels(picture_of(40, 30, value), crop_transform({4.5F, 7.5F, 20.5F, 23.5F}, 16), 16);
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 16; ++x) {
      for (int c = 0; c < 3; ++c) {
        ASSERT_EQ(crop[static_cast<size_t>((y * 16 + x) * 3 + c)], value(x + 5, y + 8, c));
      }
    }
  }
}

TEST(CropPixels, KeepsALinearRampAtScaleTwo) {
  const auto ramp = [](int x, int, int) { return static_cast<uint8_t>(10 + 4 * x); };
  const auto crop = crop_pixels(picture_of(60, 60, ramp), crop_transform({9.5F, 9.5F, 41.5F, 41.5F}, 64), 64);
  // Crop pixel i lies at 9.5 + (i + 0.5) / 2 of the source; cubic interpolation is exact on lines.
  for (int i = 0; i < 64; ++i) {
    EXPECT_NEAR(crop[static_cast<size_t>(i * 3)], 10 + 4 * (9.5 + (i + 0.5) / 2), 1.0) << i;
  }
}

TEST(CropPixels, RepeatsTheEdgeBeyondThePicture) {
  const auto crop = crop_pixels(picture_of(8, 8, [](int, int, int) { return uint8_t{90}; }),
                                crop_transform({-8.5F, -8.5F, 7.5F, 7.5F}, 16), 16);
  for (const uint8_t value : crop) { ASSERT_EQ(value, 90); }
}

TEST(CropMask, ThresholdsAbove127AndHasNothingBeyondTheEdges) {
  const auto value = [](int x, int, int) { return static_cast<uint8_t>(x < 4 ? 127 : 128); };
  const FrameMask mask = shipped_mask(picture_of(8, 8, value));
  const auto bits = crop_mask(mask, crop_transform({-8.5F, -0.5F, 7.5F, 15.5F}, 16), 16, 8, 8);
  for (size_t y = 0; y < 16; ++y) {
    for (size_t x = 0; x < 16; ++x) { ASSERT_EQ(bits[y * 16 + x], x >= 12 && y < 8 ? 1 : 0) << x << " " << y; }
  }
}

TEST(CropMask, StretchesAMaskOfHalfTheSize) {
  const auto half = shipped_mask(
      picture_of(8, 8, [](int x, int y, int) { return static_cast<uint8_t>(x >= 2 && y >= 3 ? 255 : 0); }));
  const auto bits = crop_mask(half, crop_transform({-0.5F, -0.5F, 15.5F, 15.5F}, 16), 16, 16, 16);
  for (size_t y = 0; y < 16; ++y) {
    for (size_t x = 0; x < 16; ++x) { ASSERT_EQ(bits[y * 16 + x], x >= 4 && y >= 6 ? 1 : 0) << x << " " << y; }
  }
}

}  // namespace
}  // namespace realface::data::preprocess
