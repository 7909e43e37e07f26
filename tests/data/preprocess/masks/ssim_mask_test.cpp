#include "data/preprocess/masks/ssim_mask.h"

#include <gtest/gtest.h>

#include "base/counter_rng.h"
#include "base/error.h"
#include "tests/data/preprocess/picture_of.h"

namespace realface::data::preprocess {
namespace {

const std::vector<Box> kEverything{{-0.5F, -0.5F, 95.5F, 79.5F}};

int64_t tampered_in(const FrameMask& mask, int left, int top, int right, int bottom) {
  int64_t count = 0;
  for (int y = top; y < bottom; ++y) {
    for (int x = left; x < right; ++x) { count += mask.bits[static_cast<size_t>(y * mask.width + x)]; }
  }
  return count;
}

/// The picture with each value moved by up to `most` inside of the columns.
Picture with_noise(const Picture& picture, int left, int right, int most) {
  CounterRng rng(5, CounterRng::Purpose::test, {2});
  return picture_of(picture.width, picture.height, [&](int x, int y, int c) {
    const int old = picture.pixels[static_cast<size_t>(y) * picture.stride + static_cast<size_t>(3 * x + c)];
    return x >= left && x < right ? old + static_cast<int>(rng.below(static_cast<uint64_t>(2 * most + 1))) - most : old;
  });
}

TEST(SsimMask, CoversWhatWasForgedAndNothingFarFromIt) {
  const FrameMask mask = ssim_mask(forged_pattern(true), forged_pattern(false), kEverything);
  EXPECT_EQ(tampered_in(mask, 32, 32, 48, 48), 16 * 16);
  EXPECT_EQ(tampered_in(mask, 14, 14, 67, 67), tampered_in(mask, 0, 0, 96, 80));
}

TEST(SsimMask, LooksAtTheFaceAlone) {
  // What compression changes beside it would otherwise be in the hull.
  const Picture fake = with_noise(forged_pattern(true), 80, 96, 40), real = forged_pattern(false);
  const std::vector<Box> face{{28, 28, 52, 52}};  // with what is about it, from 24.4 to 55.6
  const FrameMask mask = ssim_mask(fake, real, face);
  EXPECT_EQ(tampered_in(mask, 32, 32, 48, 48), 16 * 16);
  EXPECT_EQ(tampered_in(mask, 25, 25, 56, 56), tampered_in(mask, 0, 0, 96, 80));
  EXPECT_GT(tampered_in(ssim_mask(fake, real, kEverything), 80, 0, 96, 80), 0);
  EXPECT_DOUBLE_EQ(area_about(mask, face), static_cast<double>(tampered_in(mask, 0, 0, 96, 80)) / (31 * 31));
  EXPECT_EQ(area_of(ssim_mask(fake, real, {})), 0);
  EXPECT_EQ(area_about(mask, {}), 0);
}

TEST(SsimMask, OfSeveralFacesIsWhereTheForgedOneIs) {
  // Compression changed the other a little, which is not stretched to the whole range.
  const Picture fake = with_noise(forged_pattern(true), 60, 96, 2), real = forged_pattern(false);
  const FrameMask mask = ssim_mask(fake, real, {{28, 28, 52, 52}, {66, 28, 90, 52}, {200, 200, 230, 230}});
  EXPECT_EQ(tampered_in(mask, 32, 32, 48, 48), 16 * 16);
  EXPECT_EQ(tampered_in(mask, 60, 0, 96, 80), 0);
}

TEST(SsimMask, IsAsLargeAsItIsAboutTheFaceOfWhichItCoversMost) {
  FrameMask mask{96, 80, std::vector<uint8_t>(96 * 80)};
  for (int y = 20; y < 40; ++y) {
    for (int x = 20; x < 40; ++x) { mask.bits[static_cast<size_t>(y * 96 + x)] = 1; }
  }
  const Box forged{24, 24, 35, 35}, untouched{60, 24, 90, 54};  // what is about the first, is tampered with
  EXPECT_DOUBLE_EQ(area_about(mask, {untouched, forged}), 1);
  EXPECT_DOUBLE_EQ(area_about(mask, {untouched}), 0);
}

TEST(SsimMask, IsEmptyOfEqualFramesAndRefusesTwoSizes) {
  EXPECT_EQ(area_of(ssim_mask(forged_pattern(false), forged_pattern(false), kEverything)), 0);
  const auto grey = [](int, int, int) { return 90; };
  EXPECT_THROW(ssim_mask(picture_of(40, 30, grey), picture_of(30, 40, grey), kEverything), DataError);
}

}  // namespace
}  // namespace realface::data::preprocess
