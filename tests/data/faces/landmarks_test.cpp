#include "data/faces/landmarks.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/data/faces/face_points.h"

namespace realface::data {
namespace {

using test::drawn_face;
using test::Marks;

TEST(FlipLandmarks, TwiceGivesTheFaceBack) {
  const Marks face = test::rolled_face(13);
  Marks flipped = face;
  flip_landmarks(flipped, 224);
  EXPECT_NE(flipped, face);
  flip_landmarks(flipped, 224);
  for (size_t i = 0; i < face.size(); ++i) { EXPECT_NEAR(flipped[i], face[i], 1e-4) << i; }
}

TEST(FlipLandmarks, LeavesASymmetricFaceAsItIs) {
  // Each point goes where its partner was, so a wrong partner would show as a moved point.
  const Marks face = drawn_face();
  Marks flipped = face;
  flip_landmarks(flipped, 224);
  for (size_t i = 0; i < face.size(); ++i) { EXPECT_NEAR(flipped[i], face[i], 1e-4) << i; }
}

TEST(FlipLandmarks, ExchangesLeftAndRight) {
  // Landmark i at x = i shows where each point came from: the table of G18, 0-based.
  Marks marks{};
  for (size_t i = 0; i < 68; ++i) { marks[2 * i] = marks[2 * i + 1] = static_cast<float>(i); }
  flip_landmarks(marks, 1000);
  const std::array<int, 68> from = {16, 15, 14, 13, 12, 11, 10, 9,  8,  7,  6,  5,  4,  3,  2,  1,  0,
                                    26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 27, 28, 29, 30, 35, 34, 33,
                                    32, 31, 45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40, 54, 53, 52,
                                    51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65};
  for (size_t i = 0; i < 68; ++i) {
    EXPECT_EQ(marks[2 * i + 1], static_cast<float>(from[i])) << i;
    EXPECT_EQ(marks[2 * i], 999 - static_cast<float>(from[i])) << i;
  }
}

TEST(FlipLandmarks, MirrorsAboutThePixelCentres) {
  Marks marks{};
  marks[0] = 0;  // the centre of the first pixel becomes that of the last
  flip_landmarks(marks, 64);
  EXPECT_EQ(marks[2 * 16], 63);
}

TEST(Landmarks, AreNumberedFromOne) {
  const Marks face = drawn_face();
  EXPECT_EQ(point(face, 1).x, face[0]);
  EXPECT_EQ(point(face, 68).y, face[135]);
  EXPECT_DOUBLE_EQ(mean_point(face, {1, 2}).x, (double{face[0]} + double{face[2]}) / 2);
  EXPECT_NEAR(eye_distance(face), 223 - 2 * (67 + 74 + 83 + 90 + 83 + 74) / 6.0, 1e-4);
}

TEST(Landmarks, OfNoFaceAreNotPlausible) {
  EXPECT_TRUE(plausible(drawn_face()));
  EXPECT_FALSE(plausible(Marks{}));
  Marks broken = drawn_face();
  broken[77] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(plausible(broken));
}

}  // namespace
}  // namespace realface::data
