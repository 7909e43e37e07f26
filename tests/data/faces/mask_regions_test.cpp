// The sets of patches against the medians measured on dlib's own annotated faces (G1, G3, E1),
// and their rules on drawn ones.

#include "data/faces/mask_regions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/data/faces/face_points.h"

namespace realface::data {
namespace {

using test::drawn_face;
using test::Marks;
using testing::ElementsAre;

constexpr Geometry kUsual{14, 16};

/// Lower median, smallest and largest.
std::array<int64_t, 3> spread(std::vector<int64_t> counts) {
  std::sort(counts.begin(), counts.end());
  return {counts[counts.size() / 2], counts.front(), counts.back()};
}

template <class Count>
std::array<int64_t, 3> spread_over(const std::vector<Marks>& faces, const Count& count) {
  std::vector<int64_t> counts;
  for (const auto& face : faces) { counts.push_back(count(face)); }
  return spread(counts);
}

int64_t part_size(const char* kind, const Marks& face, Patches Parts::*part) {
  return static_cast<int64_t>(((*facial_parts(kind, kUsual, face)).*part).size());
}

int64_t signed_count(const std::vector<Box>& boxes, Landmarks) {
  const auto bytes = signed_patches(boxes, kUsual, 0.25);
  return std::accumulate(bytes.begin(), bytes.end(), int64_t{0});
}

/// Skips, by the test's name, where dlib's annotations are absent.
#define FACES_OR_SKIP(name, scale)                                        \
  const auto name = test::photographed_faces(scale);                      \
  if (name.empty()) GTEST_SKIP() << "no landmarks in REALFACE_TEST_DATA"; \
  ASSERT_EQ(name.size(), 43u)

TEST(FacialParts, HaveTheMeasuredSizesAtScaleOne) {
  FACES_OR_SKIP(faces, 1.0);
  const auto size = [&](const char* kind, Patches Parts::*part) {
    return spread_over(faces, [&](const Marks& face) { return part_size(kind, face, part); });
  };
  EXPECT_THAT(size("literal", &Parts::eyes), ElementsAre(69, 41, 112));
  EXPECT_THAT(size("literal", &Parts::nose), ElementsAre(28, 14, 42));
  EXPECT_THAT(size("literal", &Parts::lips), ElementsAre(112, 56, 127));
  EXPECT_EQ(size("semantic", &Parts::eyes)[0], 84);
  EXPECT_EQ(size("semantic", &Parts::nose)[0], 42);
  EXPECT_EQ(size("semantic", &Parts::lips)[0], 70);
}

TEST(FacialParts, HaveTheMeasuredSizesAtScaleOnePointThree) {
  FACES_OR_SKIP(faces, 1.3);
  const auto size = [&](const char* kind, Patches Parts::*part) {
    return spread_over(faces, [&](const Marks& face) { return part_size(kind, face, part); });
  };
  EXPECT_EQ(size("literal", &Parts::eyes)[0], 69);
  EXPECT_THAT(size("literal", &Parts::nose), ElementsAre(14, 13, 28));
  EXPECT_EQ(size("literal", &Parts::lips)[0], 100);
  EXPECT_EQ(size("semantic", &Parts::eyes)[0], 84);
  EXPECT_EQ(size("semantic", &Parts::nose)[0], 28);
  EXPECT_EQ(size("semantic", &Parts::lips)[0], 84);
}

TEST(Regions, SignTheMeasuredNumberOfPatches) {
  FACES_OR_SKIP(faces, 1.3);
  // R10 is two boxes, at 9 and 10.
  const std::vector<std::vector<size_t>> regions = {{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}, {9, 10}, {11}};
  std::vector<int64_t> medians;
  for (const auto& region : regions) {
    medians.push_back(spread_over(faces, [&](const Marks& face) {
      const auto all = regions_of_interest(face);
      std::vector<Box> some;
      for (const size_t index : region) { some.push_back(all[index]); }
      return signed_count(some, face);
    })[0]);
  }
  EXPECT_THAT(medians, ElementsAre(8, 8, 4, 4, 6, 7, 8, 4, 5, 12, 6));
  const auto all = spread_over(faces, [](const Marks& face) { return signed_count(regions_of_interest(face), face); });
  EXPECT_THAT(all, ElementsAre(65, 44, 89));
}

TEST(Regions, LieInThePartsAsMeasured) {
  FACES_OR_SKIP(faces, 1.3);
  const auto medians = [&](const char* kind) {
    std::vector<int64_t> result;
    for (const auto part : {&Parts::eyes, &Parts::nose, &Parts::lips}) {
      result.push_back(spread_over(faces, [&](const Marks& face) {
        const auto bytes = signed_patches(regions_of_interest(face), kUsual, 0.25);
        const auto parts = *facial_parts(kind, kUsual, face);
        return std::count_if((parts.*part).begin(), (parts.*part).end(),
                             [&](int64_t id) { return bytes[static_cast<size_t>(id)] != 0; });
      })[0]);
    }
    return result;
  };
  EXPECT_THAT(medians("literal"), ElementsAre(23, 6, 34));
  EXPECT_THAT(medians("semantic"), ElementsAre(26, 12, 24));
}

TEST(KeyPatches, HaveTheMeasuredNumber) {
  FACES_OR_SKIP(wide, 1.3);
  const auto count = [](const Marks& face) { return static_cast<int64_t>(key_patches(kUsual, face).size()); };
  EXPECT_THAT(spread_over(wide, count), ElementsAre(99, 72, 132));
  EXPECT_THAT(spread_over(test::photographed_faces(1.0), count), ElementsAre(144, 110, 182));
}

TEST(FacialParts, ArePartitionsOfAllPatchesOnAnyGrid) {
  for (const Geometry geometry :
       {Geometry{14, 16}, Geometry{8, 8}, Geometry{12, 8}, Geometry{7, 32}, Geometry{16, 14}}) {
    for (const char* kind : {"literal", "semantic"}) {
      for (const double roll : {-40.0, 0.0, 25.0}) {
        const auto face = test::rolled_face(roll, static_cast<int>(geometry.size()));
        const auto parts = facial_parts(kind, geometry, face);
        ASSERT_TRUE(parts.has_value()) << kind << " " << geometry.grid << " " << roll;
        Patches all;
        for (const auto* part : {&parts->eyes, &parts->nose, &parts->lips}) {
          EXPECT_FALSE(part->empty());
          all.insert(all.end(), part->begin(), part->end());
        }
        Patches expected(static_cast<size_t>(geometry.patches()));
        std::iota(expected.begin(), expected.end(), int64_t{0});
        EXPECT_EQ(all, expected);
      }
    }
  }
}

TEST(FacialParts, OfAStronglyRolledFaceGiveTheNoseOneRow) {
  const auto parts = *facial_parts("literal", kUsual, test::rolled_face(100));
  EXPECT_EQ(parts.nose.size(), 14u);
}

TEST(FacialParts, WithoutLipsAreRefused) {
  Marks low = drawn_face();
  for (size_t i = 1; i < low.size(); i += 2) {
    low[i] += 300;  // far below the picture
  }
  EXPECT_FALSE(facial_parts("literal", kUsual, low).has_value());
  EXPECT_FALSE(facial_parts("semantic", kUsual, low).has_value());
}

TEST(Regions, AreMirrorSymmetric) {
  // A half of a face against the other half of its mirror image.
  const Marks face = test::rolled_face(9);
  Marks flipped = face;
  flip_landmarks(flipped, 224);
  const auto boxes = regions_of_interest(face), mirrored = regions_of_interest(flipped);
  const std::array<size_t, 12> partner = {1, 0, 3, 2, 4, 6, 5, 8, 7, 10, 9, 11};
  for (size_t i = 0; i < boxes.size(); ++i) {
    EXPECT_NEAR(223 - boxes[i].x1, mirrored[partner[i]].x0, 1e-3) << i;
    EXPECT_NEAR(223 - boxes[i].x0, mirrored[partner[i]].x1, 1e-3) << i;
    if (i == 10 || i == 9) {
      continue;  // the sides of the chin end at P8 and P10: checked by x alone when rolled
    }
    EXPECT_NEAR(boxes[i].y0, mirrored[partner[i]].y0, 1e-3) << i;
  }
}

TEST(SignedPatches, NeedTheirShareInsideOneBox) {
  const Geometry geometry{2, 16};
  const std::vector<Box> quarter = {{8, 8, 24, 16}};  // a quarter of patch 0, a quarter of patch 1
  EXPECT_THAT(signed_patches(quarter, geometry, 0.25), ElementsAre(1, 1, 0, 0));
  EXPECT_THAT(signed_patches(quarter, geometry, 0.26), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(signed_patches({{0, 0, 16, 2}, {0, 2, 16, 4}}, geometry, 0.25), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(signed_patches({{8, 8, 4, 16}}, geometry, 0.01), ElementsAre(0, 0, 0, 0));  // a box turned inside out
  EXPECT_THAT(signed_patches({}, geometry, 0), ElementsAre(1, 1, 1, 1));
}

}  // namespace
}  // namespace realface::data
