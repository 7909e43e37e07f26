#include "data/faces/self_blend.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <opencv2/imgproc.hpp>
#include <thread>

#include "base/counter_rng.h"
#include "tests/data/faces/face_points.h"

namespace realface::data {
namespace {

using Pixels = std::vector<uint8_t>;
using test::Marks;

Pixels picture(int height, int width) {
  CounterRng rng(5, CounterRng::Purpose::test, {});
  Pixels rgb;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        rgb.push_back(static_cast<uint8_t>(120 + 50 * std::sin(0.06 * x + c) * std::cos(0.05 * y) +
                                           static_cast<double>(rng.below(9))));
      }
    }
  }
  return rgb;
}

SelfBlend blend(const Marks& marks, uint64_t sample, int size = 224, uint64_t seed = 1, uint64_t epoch = 2) {
  return self_blend(picture(size, size).data(), size, size, Landmarks(marks), seed, epoch, sample);
}

bool same(const SelfBlend& a, const SelfBlend& b) {
  return a.fake == b.fake && a.real == b.real && a.alpha == b.alpha && a.tampered == b.tampered;
}

/// The largest area that the recipe can reach: hull, forehead, and every move, bend and blur at its limit.
cv::Mat reach(const Marks& marks, int size) {
  std::vector<cv::Point2f> points, hull;
  for (size_t i = 0; i < marks.size(); i += 2) { points.emplace_back(marks[i], marks[i + 1]); }
  const Point nose = mean_point(Landmarks(marks), kNoseBase), left = mean_point(Landmarks(marks), kLeftBrow),
              right = mean_point(Landmarks(marks), kRightBrow);
  for (int brow = kLeftBrow.first - 1; brow < kRightBrow.last; ++brow) {
    points.emplace_back(
        points[static_cast<size_t>(brow)].x + 0.9F * static_cast<float>((left.x + right.x) / 2 - nose.x),
        points[static_cast<size_t>(brow)].y + 0.9F * static_cast<float>((left.y + right.y) / 2 - nose.y));
  }
  cv::convexHull(points, hull);
  std::vector<cv::Point> corners(hull.begin(), hull.end());
  cv::Mat mask = cv::Mat::zeros(size, size, CV_8U), grown;
  cv::fillConvexPoly(mask, corners, 255);
  // 3 % moved, 5 % stretched from the middle, 1.5 % bent, 12 of 192 pixels blurred.
  const int radius = static_cast<int>(std::ceil((0.03 + 0.027 + 0.015 + 12.0 / 192) * size)) + 2;
  cv::dilate(mask, grown, cv::getStructuringElement(cv::MORPH_RECT, {2 * radius + 1, 2 * radius + 1}));
  return grown;
}

TEST(SelfBlend, ChangesNothingOutsideItsMask) {
  for (uint64_t sample = 0; sample < 40; ++sample) {
    const SelfBlend out = blend(test::drawn_face(), sample);
    ASSERT_TRUE(out.blended) << sample;
    int64_t changed = 0;
    for (size_t i = 0; i < out.fake.size(); ++i) {
      if (out.alpha[i / 3] == 0) { ASSERT_EQ(out.fake[i], out.real[i]) << sample; }
      changed += out.fake[i] != out.real[i];
    }
    EXPECT_GT(changed, 1000) << sample;
  }
}

TEST(SelfBlend, FakeIsTheMixtureOfTheTwoByAlpha) {
  const Pixels flat(224 * 224 * 3, 128);
  for (uint64_t sample = 0; sample < 20; ++sample) {
    const SelfBlend out = self_blend(flat.data(), 224, 224, Landmarks(test::drawn_face()), 1, 0, sample);
    ASSERT_TRUE(out.blended);
    // A flat picture stays flat through every change but its level: the fake is real + alpha (source - real), with one
    // difference for each channel.
    const size_t deepest =
        static_cast<size_t>(std::max_element(out.alpha.begin(), out.alpha.end()) - out.alpha.begin());
    for (size_t c = 0; c < 3; ++c) {
      const double step = (out.fake[3 * deepest + c] - out.real[3 * deepest + c]) / double{out.alpha[deepest]};
      for (size_t i = 0; i < out.alpha.size(); ++i) {
        ASSERT_NEAR(out.fake[3 * i + c], out.real[3 * i + c] + double{out.alpha[i]} * step, 1.01 / out.alpha[deepest])
            << sample;
      }
    }
  }
}

TEST(SelfBlend, MaskLiesOnTheFace) {
  for (const Marks& marks : {test::drawn_face(), test::rolled_face(20)}) {
    const cv::Mat allowed = reach(marks, 224);
    for (uint64_t sample = 0; sample < 40; ++sample) {
      const SelfBlend out = blend(marks, sample);
      int64_t covered = 0;
      for (size_t i = 0; i < out.alpha.size(); ++i) {
        ASSERT_GE(out.alpha[i], 0.0F);
        ASSERT_LE(out.alpha[i], 1.0F);
        if (out.alpha[i] > 0) { ASSERT_NE(allowed.ptr<uint8_t>()[i], 0) << sample; }
        if (out.tampered[i] != 0) { ASSERT_GT(out.alpha[i], 0.0F); }
        covered += out.tampered[i];
      }
      EXPECT_GT(covered, 224 * 224 / 20) << sample;
      EXPECT_LT(covered, 224 * 224 * 3 / 4) << sample;
    }
  }
}

TEST(SelfBlend, DrawsTheFourRatiosHalfOfThemWhole) {
  std::map<int, int> quarters;
  constexpr int kDraws = 300;
  for (uint64_t sample = 0; sample < kDraws; ++sample) {
    const SelfBlend out = blend(test::drawn_face(64), sample, 64);
    // Stretched back from its drawn size, the mask's highest pixel is at most 1.
    const float largest = *std::max_element(out.alpha.begin(), out.alpha.end());
    ++quarters[static_cast<int>(std::lround(largest * 4))];
  }
  EXPECT_EQ(quarters.size(), 4u);
  for (const int faint : {1, 2, 3}) { EXPECT_NEAR(quarters[faint], kDraws / 6.0, 5 * std::sqrt(kDraws / 6.0 * 5 / 6)); }
  EXPECT_NEAR(quarters[4], kDraws / 2.0, 5 * std::sqrt(kDraws / 4.0));
}

TEST(SelfBlend, IsAFunctionOfItsKey) {
  const SelfBlend first = blend(test::drawn_face(), 7);
  EXPECT_TRUE(same(first, blend(test::drawn_face(), 7)));
  EXPECT_FALSE(same(first, blend(test::drawn_face(), 8)));
  EXPECT_FALSE(same(first, blend(test::drawn_face(), 7, 224, 2)));
  EXPECT_FALSE(same(first, blend(test::drawn_face(), 7, 224, 1, 3)));
}

TEST(SelfBlend, IsTheSameInAnyNumberOfThreads) {
  const Marks marks = test::drawn_face();
  std::vector<SelfBlend> alone, together(8);
  const int before = cv::getNumThreads();
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (uint64_t sample = t; sample < 8; sample += 4) { together[sample] = blend(marks, sample); }
    });
  }
  for (auto& thread : threads) { thread.join(); }
  cv::setNumThreads(1);
  for (uint64_t sample = 0; sample < 8; ++sample) { alone.push_back(blend(marks, sample)); }
  cv::setNumThreads(before);
  for (size_t i = 0; i < 8; ++i) { EXPECT_TRUE(same(alone[i], together[i])) << i; }
}

TEST(SelfBlend, ChangesTheRealOneHalfOfTheTime) {
  const Pixels original = picture(64, 64);
  int changed = 0;
  for (uint64_t sample = 0; sample < 200; ++sample) {
    changed += blend(test::drawn_face(64), sample, 64).real != original;
  }
  EXPECT_NEAR(changed, 100, 36);  // five deviations
}

TEST(SelfBlend, LeavesThePictureAloneWhereThereIsNoFace) {
  const float nan = std::numeric_limits<float>::quiet_NaN(), huge = 3e38F;
  Marks equal{}, outside = test::drawn_face(), broken = test::drawn_face(), far = test::drawn_face();
  equal.fill(100);
  for (float& value : outside) { value += 500; }
  broken[40] = nan;
  far[40] = huge;
  for (const Marks& marks : {equal, outside, broken, far}) {
    const SelfBlend out = blend(marks, 3);
    EXPECT_FALSE(out.blended);
    EXPECT_EQ(out.fake, picture(224, 224));
    EXPECT_EQ(out.real, out.fake);
    EXPECT_EQ(std::accumulate(out.alpha.begin(), out.alpha.end(), 0.0F), 0.0F);
    EXPECT_EQ(std::accumulate(out.tampered.begin(), out.tampered.end(), 0), 0);
  }
}

TEST(SelfBlend, TakesFacesAtTheEdgeAndOblongPictures) {
  Marks edge = test::drawn_face();
  for (size_t i = 0; i < edge.size(); i += 2) { edge[i] -= 120; }
  EXPECT_EQ(blend(edge, 1).fake.size(), 224U * 224 * 3);
  const Marks small = test::drawn_face(32);
  for (const auto& [height, width] : {std::pair{32, 48}, {17, 32}, {1, 1}, {3, 200}}) {
    const SelfBlend out = self_blend(picture(height, width).data(), height, width, Landmarks(small), 1, 1, 1);
    EXPECT_EQ(out.alpha.size(), static_cast<size_t>(height * width));
  }
}

}  // namespace
}  // namespace realface::data
