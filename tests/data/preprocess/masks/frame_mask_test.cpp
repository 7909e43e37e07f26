#include "data/preprocess/masks/frame_mask.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/counter_rng.h"
#include "base/error.h"
#include "data/preprocess/masks/ssim_mask.h"
#include "tests/data/preprocess/picture_of.h"

namespace realface::data::preprocess {
namespace {

/// A plane of numbers; beyond its edges it is mirrored about its last pixels, as OpenCV has it.
struct Plane {
  int width, height;
  std::vector<double> values;
  double& at(int x, int y) { return values[static_cast<size_t>(y * width + x)]; }
  double mirrored(int x, int y) const {
    x = x < 0 ? -x : x >= width ? 2 * width - 2 - x : x;
    y = y < 0 ? -y : y >= height ? 2 * height - 2 - y : y;
    return values[static_cast<size_t>(y * width + x)];
  }
  /// The greatest or the least of the square around each pixel, of what lies inside.
  Plane extreme(int reach, bool greatest) const {
    Plane out = *this;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        for (int v = std::max(0, y - reach); v <= std::min(height - 1, y + reach); ++v) {
          for (int u = std::max(0, x - reach); u <= std::min(width - 1, x + reach); ++u) {
            const double value = values[static_cast<size_t>(v * width + u)];
            out.at(x, y) = greatest ? std::max(out.at(x, y), value) : std::min(out.at(x, y), value);
          }
        }
      }
    }
    return out;
  }
};

/// The recipe as L5 (b) states it, step by step in real numbers. `unsure`: a smoothed value was so near a tenth that
/// rounding decides.
Plane by_definition(const Picture& fake, const Picture& real, bool& unsure) {
  Plane mean{fake.width, fake.height, {}}, over = mean;
  for (int y = 0; y < fake.height; ++y) {
    for (int x = 0; x < fake.width; ++x) {
      double sum = 0;
      for (int c = 0; c < 3; ++c) {
        const size_t at = static_cast<size_t>(y) * fake.stride + static_cast<size_t>(3 * x + c);
        sum += std::abs(int{fake.pixels[at]} - int{real.pixels[at]});
      }
      mean.values.push_back(sum / 3 / 255);
    }
  }
  constexpr double kGauss[] = {1 / 16.0, 4 / 16.0, 6 / 16.0, 4 / 16.0, 1 / 16.0};
  for (int y = 0; y < fake.height; ++y) {
    for (int x = 0; x < fake.width; ++x) {
      double smooth = 0;
      for (int v = -2; v <= 2; ++v) {
        for (int u = -2; u <= 2; ++u) { smooth += kGauss[v + 2] * kGauss[u + 2] * mean.mirrored(x + u, y + v); }
      }
      unsure = unsure || std::abs(smooth - 0.1) < 1e-4;
      over.values.push_back(smooth > 0.1 ? 1 : 0);
    }
  }
  return over.extreme(2, true).extreme(2, false).extreme(1, false).extreme(1, true);
}

TEST(DifferenceMask, IsWhatItsDefinitionSays) {
  CounterRng rng(3, CounterRng::Purpose::test, {1});
  const Picture real = picture_of(61, 47, [&](int, int, int) { return 60 + static_cast<int>(rng.below(100)); });
  // A disc that is changed much, a dot that is not opened away, specks that are, a hole that closes, faint noise.
  const Picture fake = picture_of(61, 47, [&](int x, int y, int c) {
    const int old = real.pixels[static_cast<size_t>(y) * real.stride + static_cast<size_t>(3 * x + c)];
    const bool disc = std::hypot(x - 20, y - 22) < 12 && !(x == 20 && y == 22),
               dot = x >= 45 && x < 51 && y >= 8 && y < 13;
    const bool speck = x == 40 && y > 40, corner = x > 56 && y > 42;
    return old + (disc ? 37 + 10 * c : dot ? 90 : speck ? 80 : corner ? 60 : static_cast<int>(rng.below(12)));
  });
  bool unsure = false;
  Plane want = by_definition(fake, real, unsure);
  ASSERT_FALSE(unsure);
  const FrameMask mask = difference_mask(fake, real);
  ASSERT_EQ(mask.bits.size(), want.values.size());
  for (int y = 0; y < mask.height; ++y) {
    for (int x = 0; x < mask.width; ++x) {
      ASSERT_EQ(mask.bits[static_cast<size_t>(y * mask.width + x)], want.at(x, y)) << x << " " << y;
    }
  }
  EXPECT_EQ(want.at(20, 22), 1);
  EXPECT_EQ(want.at(47, 10), 1);
  EXPECT_EQ(want.at(40, 44), 0);
  EXPECT_EQ(want.at(60, 46), 1);
  EXPECT_EQ(want.at(5, 44), 0);
}

TEST(DifferenceMask, IsEmptyOfEqualFramesAndDoesNotDependOnWhichIsWhich) {
  const Picture a = picture_of(40, 30, [](int x, int y, int) { return 3 * x + y; });
  const Picture b = picture_of(40, 30, [](int x, int y, int) { return x > 20 ? 255 - 3 * x + y : 3 * x + y; });
  for (const uint8_t bit : difference_mask(a, a).bits) { ASSERT_EQ(bit, 0); }
  EXPECT_EQ(difference_mask(a, b).bits, difference_mask(b, a).bits);
}

TEST(DifferenceMask, RefusesFramesOfTwoSizes) {
  const auto grey = [](int, int, int) { return 90; };
  EXPECT_THROW(difference_mask(picture_of(40, 30, grey), picture_of(30, 40, grey)), DataError);
}

TEST(PairMask, IsThatOfItsRuleAndThreshold) {
  const Picture fake = forged_pattern(true), real = forged_pattern(false);
  const std::vector<Box> face{{28, 28, 52, 52}};
  EXPECT_EQ(pair_mask(fake, real, {}, {}).bits, difference_mask(fake, real, 0.1).bits);
  EXPECT_EQ(pair_mask(fake, real, {"ssim", 0}, face).bits, ssim_mask(fake, real, face, 0.08).bits);
  EXPECT_GT(area_of(pair_mask(fake, real, {"difference", 0.01}, {})),
            area_of(pair_mask(fake, real, {"difference", 0.3}, {})));
}

TEST(Misaligned, NamesTheShiftAndTheSizesAndForgivesAForgery) {
  const auto noise = [](int dx, int dy) {
    return picture_of(96, 80, [=](int x, int y, int) {
      CounterRng rng(7, CounterRng::Purpose::test,
                     {static_cast<uint64_t>(x + dx + 100), static_cast<uint64_t>(y + dy + 100)});
      return static_cast<int>(rng.below(256));
    });
  };
  EXPECT_EQ(misaligned(forged_pattern(true), forged_pattern(false)), "");
  EXPECT_EQ(misaligned(noise(0, 0), noise(0, 0)), "");
  EXPECT_EQ(misaligned(noise(-4, 2), noise(0, 0)), "its original is shifted by 4, -2 pixels");
  EXPECT_NE(misaligned(picture_of(96, 81, [](int, int, int) { return 9; }), forged_pattern(true)), "");
  const Picture flat = picture_of(96, 80, [](int, int, int) { return 9; });
  EXPECT_EQ(misaligned(flat, flat), "");
}

TEST(ShareInside, CountsPixelsWhoseCentresAreInTheBox) {
  FrameMask mask{10, 10, std::vector<uint8_t>(100)};
  for (size_t x = 2; x < 6; ++x) {
    for (size_t y = 3; y < 8; ++y) { mask.bits[y * 10 + x] = 1; }
  }
  EXPECT_DOUBLE_EQ(share_inside(mask, {-0.5F, -0.5F, 9.5F, 9.5F}, 10, 10), 1);
  EXPECT_DOUBLE_EQ(share_inside(mask, {-0.5F, -0.5F, 3.5F, 9.5F}, 10, 10), 0.5);
  EXPECT_DOUBLE_EQ(share_inside(mask, {1.5F, 2.5F, 2.5F, 3.5F}, 10, 10), 1 / 20.0);
  EXPECT_DOUBLE_EQ(share_inside(mask, {-40, -40, -20, 30}, 10, 10), 0);
  // Shown at twice the size: the box is in pixels of what is shown.
  EXPECT_DOUBLE_EQ(share_inside(mask, {-0.5F, -0.5F, 7.5F, 19.5F}, 20, 20), 0.5);
  EXPECT_DOUBLE_EQ(share_inside({10, 10, std::vector<uint8_t>(100)}, {0, 0, 9, 9}, 10, 10), 0);
}

}  // namespace
}  // namespace realface::data::preprocess
