#include "data/preprocess/geometry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace realface::data::preprocess {
namespace {

using testing::ElementsAre;

TEST(ChosenFrames, SpreadThirtyOverAVideoWithStrideOneToFour) {
  const auto last = [](int64_t available) { return chosen_frames(available, 30).back(); };
  EXPECT_EQ(last(30), 29);
  EXPECT_EQ(last(58), 29);    // (58 - 1) / 29 = 1
  EXPECT_EQ(last(59), 58);    // stride 2
  EXPECT_EQ(last(117), 116);  // stride 4
  EXPECT_EQ(last(100000), 116);
  EXPECT_EQ(chosen_frames(100000, 30).size(), 30u);
}

TEST(ChosenFrames, TakeAllOfAShorterVideo) {
  EXPECT_THAT(chosen_frames(3, 30), ElementsAre(0, 1, 2));
  EXPECT_TRUE(chosen_frames(0, 30).empty());
  EXPECT_THAT(chosen_frames(50, 1), ElementsAre(0));
}

TEST(CropTransform, MapsTheEdgesOfTheSquareToTheEdgesOfTheCrop) {
  const Box square{9.5F, 19.5F, 109.5F, 119.5F};  // 100 x 100 pixels, the first of them (10, 20)
  const Affine m = crop_transform(square, 200);
  EXPECT_FLOAT_EQ(m[0] * 9.5F + m[2], -0.5F);
  EXPECT_FLOAT_EQ(m[0] * 109.5F + m[2], 199.5F);
  EXPECT_FLOAT_EQ(m[4] * 19.5F + m[5], -0.5F);
  EXPECT_FLOAT_EQ(m[4] * 119.5F + m[5], 199.5F);
}

TEST(CropTransform, IsTheIdentityUpToAShiftAtScaleOne) {
  const Affine m = crop_transform({9.5F, 19.5F, 73.5F, 83.5F}, 64);
  EXPECT_THAT(m, ElementsAre(1, 0, -10, 0, 1, -20));
}

TEST(CropTransform, IsUndoneByItsInverse) {
  const Affine m = crop_transform(square_about({33, 41, 97, 120}, 1.3F), 224);
  std::array<float, 136> points{};
  for (size_t i = 0; i < points.size(); ++i) { points[i] = static_cast<float>(i) * 1.7F; }
  const auto back = mapped(inverse(m), mapped(m, points));
  for (size_t i = 0; i < points.size(); ++i) { EXPECT_NEAR(back[i], points[i], 1e-3); }
}

TEST(Similarity, FindsTheRotationScaleAndShift) {
  const FivePoints from = {{{3, 4}, {40, 9}, {21, 30}, {8, 44}, {37, 50}}};
  const double a = 1.7 * std::cos(0.6), b = 1.7 * std::sin(0.6);
  FivePoints to;
  for (size_t i = 0; i < 5; ++i) {
    to[i] = {a * from[i][0] - b * from[i][1] + 12, b * from[i][0] + a * from[i][1] - 7};
  }
  const Affine m = similarity(from, to);
  const double want[] = {a, -b, 12, b, a, -7};
  for (size_t i = 0; i < 6; ++i) { EXPECT_NEAR(m[i], want[i], 1e-5) << i; }
}

TEST(Similarity, LeavesTheSmallestSumOfSquares) {
  const FivePoints from = {{{3, 4}, {40, 9}, {21, 30}, {8, 44}, {37, 50}}};
  const FivePoints to = {{{10, 2}, {61, 20}, {30, 41}, {2, 70}, {48, 80}}};  // no similarity of those
  const auto far = [&](const Affine& m) {
    double sum = 0;
    for (size_t i = 0; i < 5; ++i) {
      sum += std::pow(m[0] * from[i][0] + m[1] * from[i][1] + m[2] - to[i][0], 2) +
             std::pow(m[3] * from[i][0] + m[4] * from[i][1] + m[5] - to[i][1], 2);
    }
    return sum;
  };
  const Affine best = similarity(from, to);
  EXPECT_GT(far(best), 10);
  for (const float step : {-0.01F, 0.01F}) {
    Affine scaled = best, turned = best, right = best, down = best;
    for (const size_t i : {0, 4}) { scaled[i] += step; }
    turned[1] -= step;
    turned[3] += step;
    right[2] += step;
    down[5] += step;
    for (const Affine& other : {scaled, turned, right, down}) { EXPECT_GT(far(other), far(best)); }
  }
}

TEST(Chained, AppliesOneAfterTheOther) {
  const Affine first = {1, 2, 3, 4, 5, 6}, then = {7, 8, 9, 10, 11, 12};
  EXPECT_THAT(chained(first, then), ElementsAre(39, 54, 78, 54, 75, 108));
  const Box turned = bounds({0, -1, 5, 1, 0, 0}, {1, 2, 3, 6});
  EXPECT_THAT((std::array{turned.left, turned.top, turned.right, turned.bottom}), ElementsAre(-1, 1, 3, 3));
}

TEST(SquareAbout, TakesTheLongerSideTimesTheMarginAboutTheCentre) {
  const Box square = square_about({10, 20, 30, 60}, 1.5F);
  EXPECT_FLOAT_EQ(square.width(), 60);
  EXPECT_FLOAT_EQ(square.height(), 60);
  EXPECT_FLOAT_EQ((square.left + square.right) / 2, 20);
  EXPECT_FLOAT_EQ((square.top + square.bottom) / 2, 40);
}

TEST(Overlap, IsTheShareOfTheUnion) {
  EXPECT_FLOAT_EQ(overlap({0, 0, 2, 2}, {1, 0, 3, 2}), 1.0F / 3);
  EXPECT_FLOAT_EQ(overlap({0, 0, 2, 2}, {2, 0, 4, 2}), 0);
  EXPECT_FLOAT_EQ(overlap({0, 0, 2, 2}, {0, 0, 2, 2}), 1);
}

TEST(Inside, CountsPixelEdges) {
  EXPECT_TRUE(inside({-0.5F, -0.5F, 9.5F, 9.5F}, 10, 10));
  EXPECT_FALSE(inside({-0.6F, 0, 9, 9}, 10, 10));
  EXPECT_FALSE(inside({0, 0, 9, 9.6F}, 10, 10));
}

}  // namespace
}  // namespace realface::data::preprocess
