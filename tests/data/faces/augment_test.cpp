#include "data/faces/augment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace realface::data {
namespace {

constexpr int64_t kCropSize = 64;

/// A picture whose red channel is x and whose green one is y, times 3: where a pixel came from can be read off.
std::vector<uint8_t> ramp() {
  std::vector<uint8_t> rgb;
  for (int64_t y = 0; y < kCropSize; ++y) {
    for (int64_t x = 0; x < kCropSize; ++x) {
      rgb.push_back(static_cast<uint8_t>(3 * x));
      rgb.push_back(static_cast<uint8_t>(3 * y));
      rgb.push_back(0);
    }
  }
  return rgb;
}

TEST(Augmentation, IsAFunctionOfItsKeyAndStaysInsideThePicture) {
  const AugmentConfig config{.flip = true, .smallest = 0.8};
  double flips = 0, area = 0;
  for (uint64_t sample = 0; sample < 2000; ++sample) {
    const Augmentation drawn = draw_augmentation(config, kCropSize, 3, 1, sample);
    const Augmentation again = draw_augmentation(config, kCropSize, 3, 1, sample);
    EXPECT_EQ(drawn.left, again.left);
    EXPECT_EQ(drawn.flip, again.flip);
    EXPECT_GE(drawn.left, 0);
    EXPECT_GE(drawn.top, 0);
    EXPECT_LE(drawn.left + drawn.side, kCropSize);
    EXPECT_LE(drawn.top + drawn.side, kCropSize);
    flips += drawn.flip ? 1 : 0;
    area += drawn.side * drawn.side / (kCropSize * kCropSize);
  }
  EXPECT_NEAR(flips, 1000, 5 * std::sqrt(500.0));
  EXPECT_NEAR(area / 2000, 0.9, 5 * 0.2 / std::sqrt(12.0 * 2000));
}

TEST(Augmentation, AShiftMovesWholePixelsAndRepeatsTheBorder) {
  constexpr int64_t kMost = 3;
  std::array<int, 2 * kMost + 1> seen{};
  for (uint64_t sample = 0; sample < 700; ++sample) {
    const Augmentation drawn = draw_augmentation({.shift = kMost}, kCropSize, 3, 1, sample);
    ASSERT_EQ(drawn.side, kCropSize);
    ASSERT_LE(std::abs(drawn.top), kMost);
    ++seen.at(static_cast<size_t>(drawn.left + kMost));
    if (sample >= 20) { continue; }
    const auto before = ramp();
    auto after = before;
    std::vector<uint8_t> scratch;
    augment_picture(drawn, after.data(), kCropSize, scratch);
    const auto within = [](int64_t place) { return std::clamp<int64_t>(place, 0, kCropSize - 1); };
    for (int64_t y = 0; y < kCropSize; ++y) {
      for (int64_t x = 0; x < kCropSize; ++x) {
        const int64_t from =
            within(y + static_cast<int64_t>(drawn.top)) * kCropSize + within(x + static_cast<int64_t>(drawn.left));
        for (int64_t c = 0; c < 3; ++c) {
          ASSERT_EQ(after[static_cast<size_t>((y * kCropSize + x) * 3 + c)], before[static_cast<size_t>(from * 3 + c)]);
        }
      }
    }
  }
  for (const int count : seen) { EXPECT_NEAR(count, 100, 50); }
}

TEST(Augmentation, NothingIsDrawnWhereNothingIsAsked) {
  const Augmentation drawn = draw_augmentation({}, kCropSize, 3, 1, 5);
  auto picture = ramp();
  std::vector<uint8_t> scratch;
  augment_picture(drawn, picture.data(), kCropSize, scratch);
  EXPECT_EQ(picture, ramp());
}

/// A landmark must stay on the pixel that it marked, whatever happens to the picture.
TEST(Augmentation, LandmarksFollowTheirPixels) {
  for (uint64_t sample = 0; sample < 50; ++sample) {
    const Augmentation drawn = draw_augmentation({.flip = true, .smallest = 0.6}, kCropSize, 9, 0, sample);
    auto picture = ramp();
    std::vector<uint8_t> scratch;
    augment_picture(drawn, picture.data(), kCropSize, scratch);
    std::array<float, 136> points{};
    for (size_t i = 0; i < 68; ++i) {
      points[2 * i] = 12 + static_cast<float>(i % 8) * 5;
      points[2 * i + 1] = 14 + static_cast<float>(i / 8) * 4;
    }
    const auto before = points;
    augment_landmarks(drawn, points, kCropSize);
    // Mirroring renumbers: the chin, number 8, stays itself.
    const auto x = static_cast<int64_t>(std::lround(points[16])), y = static_cast<int64_t>(std::lround(points[17]));
    if (x < 1 || y < 1 || x >= kCropSize - 1 || y >= kCropSize - 1) { continue; }
    const size_t at = static_cast<size_t>(3 * (y * kCropSize + x));
    EXPECT_NEAR(picture[at] / 3.0, before[16], 1.0) << sample;
    EXPECT_NEAR(picture[at + 1] / 3.0, before[17], 1.0) << sample;
  }
}

TEST(Augmentation, AMapFollowsThePicture) {
  const Augmentation drawn{.flip = true, .left = 8, .top = 4, .side = 32};
  std::vector<uint8_t> map(kCropSize * kCropSize), scratch;
  for (int64_t y = 10; y < 20; ++y) {
    for (int64_t x = 20; x < 30; ++x) { map[static_cast<size_t>(y * kCropSize + x)] = 1; }
  }
  augment_map(drawn, map.data(), kCropSize, scratch);
  EXPECT_EQ(std::count(map.begin(), map.end(), 1), 400);  // twice as large each way
  // x = 20..29 of 64 becomes 24..43 of the doubled picture, mirrored 20..39; y = 10..19 becomes 12..31.
  EXPECT_EQ(map[12 * kCropSize + 20], 1);
  EXPECT_EQ(map[31 * kCropSize + 39], 1);
  EXPECT_EQ(map[11 * kCropSize + 20] + map[12 * kCropSize + 19] + map[32 * kCropSize + 39] + map[31 * kCropSize + 40],
            0);
}

TEST(Mirror, TurnsEachRowAround) {
  std::vector<uint8_t> rgb{1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19};
  mirror(rgb.data(), 2, 3);
  EXPECT_EQ(rgb, (std::vector<uint8_t>{7, 8, 9, 4, 5, 6, 1, 2, 3, 17, 18, 19, 14, 15, 16, 11, 12, 13}));
}

}  // namespace
}  // namespace realface::data
