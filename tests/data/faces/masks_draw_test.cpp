#include "data/faces/masks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <numeric>

#include "base/error.h"
#include "data/faces/mask_regions.h"
#include "tests/data/faces/face_points.h"

namespace realface::data {
namespace {

using test::drawn_face;
using test::Marks;

constexpr uint64_t kSeed = 11;

MaskConfig of_kind(const std::string& kind, double ratio = 0.75) {
  MaskConfig config;
  config.kind = kind;
  config.ratio = ratio;
  return config;
}

std::vector<uint8_t> draw(const MaskConfig& config, uint64_t epoch = 0, uint64_t sample = 0,
                          const Marks& face = drawn_face()) {
  return draw_mask(config, 14, 16, face, kSeed, epoch, sample);
}

int64_t count(const std::vector<uint8_t>& mask) { return std::accumulate(mask.begin(), mask.end(), int64_t{0}); }

Patches ids(const std::vector<uint8_t>& mask) {
  Patches found;
  for (size_t i = 0; i < mask.size(); ++i) {
    if (mask[i] != 0) { found.push_back(static_cast<int64_t>(i)); }
  }
  return found;
}

bool within(const Patches& some, const Patches& all) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}

/// Which of the three parts holds all of the mask: 0, 1, 2, or -1.
int part_of(const Patches& masked, const Parts& parts) {
  if (within(masked, parts.eyes)) { return 0; }
  if (within(masked, parts.nose)) { return 1; }
  return within(masked, parts.lips) ? 2 : -1;
}

TEST(DrawMask, IsAFunctionOfSeedEpochAndSample) {
  for (const char* kind : {"random", "part", "roi_part", "tube", "block", "key_region"}) {
    const auto config = of_kind(kind, 0.5);
    EXPECT_EQ(draw(config, 3, 9), draw(config, 3, 9)) << kind;
    // Any single pair may draw the same block or part; twenty of them may not.
    int other_epoch = 0, other_sample = 0, other_seed = 0;
    for (uint64_t i = 0; i < 20; ++i) {
      other_epoch += draw(config, i, 9) != draw(config, i + 1, 9);
      other_sample += draw(config, 3, i) != draw(config, 3, i + 1);
      other_seed += draw(config, 3, i) != draw_mask(config, 14, 16, drawn_face(), kSeed + 1, 3, i);
    }
    EXPECT_GT(other_epoch, 15) << kind;
    EXPECT_GT(other_sample, 15) << kind;
    EXPECT_GT(other_seed, 15) << kind;
  }
}

TEST(DrawMask, MasksAsManyPatchesAsThePapersCount) {
  EXPECT_EQ(count(draw(of_kind("none"))), 0);
  EXPECT_EQ(count(draw(of_kind("random"))), 147);     // MAE: 49 of 196 stay visible
  EXPECT_EQ(count(draw(of_kind("tube", 0.9))), 176);  // VideoMAE: int(.9 * 196)
  EXPECT_EQ(count(draw(of_kind("block"))), 9);
  EXPECT_EQ(count(draw(of_kind("key_region"))), 147);
}

TEST(DrawMask, MasksEveryPatchEquallyOften) {
  constexpr int kDraws = 4000;
  std::vector<int> hits(196, 0);
  for (uint64_t sample = 0; sample < kDraws; ++sample) {
    for (const int64_t id : ids(draw(of_kind("random"), 0, sample))) { ++hits[static_cast<size_t>(id)]; }
  }
  // Counts are hypergeometric with variance n p (1 - p); the sum over patches is fixed, hence 195 degrees of freedom.
  double chi_square = 0;
  for (const int hit : hits) { chi_square += (hit - 0.75 * kDraws) * (hit - 0.75 * kDraws) / (0.75 * 0.25 * kDraws); }
  EXPECT_LT(chi_square * 195 / 196, 262.0);  // p = 0.001
}

TEST(PartMask, TakesHalfOfOnePartAndEachPartAThirdOfTheTime) {
  const auto parts = *facial_parts("literal", {14, 16}, drawn_face());
  const std::array<int64_t, 3> half = {static_cast<int64_t>(parts.eyes.size() / 2),
                                       static_cast<int64_t>(parts.nose.size() / 2),
                                       static_cast<int64_t>(parts.lips.size() / 2)};
  std::map<int, int> drawn;
  for (uint64_t sample = 0; sample < 3000; ++sample) {
    const auto masked = ids(draw(of_kind("part", 0.5), 1, sample));
    const int part = part_of(masked, parts);
    ASSERT_GE(part, 0);
    ASSERT_EQ(static_cast<int64_t>(masked.size()), half[static_cast<size_t>(part)]);
    ++drawn[part];
  }
  for (int part = 0; part < 3; ++part) {
    EXPECT_NEAR(drawn[part], 1000, 110) << part;  // over four deviations
  }
}

TEST(PartMask, ObeysTheAblations) {
  const auto parts = *facial_parts("semantic", {14, 16}, drawn_face());
  const std::map<std::string, int> only = {{"eyes", 0}, {"nose", 1}, {"lips", 2}};
  for (const char* kind : {"part", "roi_part"}) {
    for (const auto& [name, expected] : only) {
      auto config = of_kind(kind, 0.5);
      config.parts = "semantic";
      config.only = name;
      for (uint64_t sample = 0; sample < 20; ++sample) {
        EXPECT_EQ(part_of(ids(draw(config, 0, sample)), parts), expected) << kind << " " << name;
      }
    }
  }
}

TEST(RegionMask, TakesItsShareOfTheSignedPatchesOfOnePart) {
  const auto parts = *facial_parts("literal", {14, 16}, drawn_face());
  const auto is_signed = signed_patches(regions_of_interest(drawn_face()), {14, 16}, 0.25);
  const std::array<Patches, 3> all = {parts.eyes, parts.nose, parts.lips};
  for (uint64_t sample = 0; sample < 200; ++sample) {
    const auto masked = ids(draw(of_kind("roi_part"), 0, sample));
    const int part = part_of(masked, parts);
    ASSERT_GE(part, 0);
    int64_t signed_of_part = 0;
    for (const int64_t id : all[static_cast<size_t>(part)]) { signed_of_part += is_signed[static_cast<size_t>(id)]; }
    ASSERT_GE(signed_of_part, 2);
    EXPECT_EQ(static_cast<int64_t>(masked.size()), 3 * signed_of_part / 4);
    for (const int64_t id : masked) { EXPECT_EQ(is_signed[static_cast<size_t>(id)], 1); }
  }
}

TEST(RegionMask, WithoutRegionsIsThePartMask) {
  auto config = of_kind("roi_part", 0.5);
  config.roi_tau = 0;
  for (uint64_t sample = 0; sample < 30; ++sample) {
    EXPECT_EQ(draw(config, 0, sample), draw(of_kind("part", 0.5), 0, sample));
  }
}

TEST(RegionMask, UsesThePartItselfWhereNoRegionIsSigned) {
  auto config = of_kind("roi_part");
  config.roi_tau = 1;  // no patch of the nose lies wholly in one box of a face this small
  config.only = "nose";
  const Marks small = [] {
    Marks face = drawn_face();
    for (float& value : face) { value = 60 + value / 4; }
    return face;
  }();
  const auto parts = *facial_parts("literal", {14, 16}, small);
  const auto masked = ids(draw(config, 0, 0, small));
  EXPECT_TRUE(within(masked, parts.nose));
  EXPECT_EQ(masked.size(), 3 * parts.nose.size() / 4);
}

TEST(BlockMask, IsAThreeByThreeBlockThatNeverTouchesTheBorder) {
  std::map<int64_t, int> corners;
  for (uint64_t sample = 0; sample < 5000; ++sample) {
    const auto masked = ids(draw(of_kind("block"), 0, sample));
    const int64_t first = masked.front();
    Patches expected;
    for (int64_t i = 0; i < 9; ++i) { expected.push_back(first + 14 * (i / 3) + i % 3); }
    ASSERT_EQ(masked, expected);
    ++corners[first];
  }
  EXPECT_EQ(corners.size(), 100u);  // top-left patches 1..10 in both directions
  EXPECT_EQ(corners.begin()->first, 15);
  EXPECT_EQ(corners.rbegin()->first, 14 * 10 + 10);
}

TEST(KeyRegionMask, MasksItsShareOfTheKeyPatchesAndTheRestOutside) {
  const Patches key = key_patches({14, 16}, drawn_face());
  const auto masked = ids(draw(of_kind("key_region")));
  Patches inside;
  std::set_intersection(masked.begin(), masked.end(), key.begin(), key.end(), std::back_inserter(inside));
  EXPECT_EQ(static_cast<int64_t>(inside.size()), std::llround(0.9 * static_cast<double>(key.size())));
  EXPECT_EQ(masked.size(), 147u);
}

TEST(KeyRegionMask, KeepsItsCountWhereTheRegionIsThePicture) {
  Marks face = drawn_face();
  for (float& value : face) {
    value = (value - 112) * 3 + 112;  // a face that reaches far over every edge
  }
  auto config = of_kind("key_region");
  for (const double share : {0.1, 0.5, 1.0}) {
    config.key_share = share;
    EXPECT_EQ(count(draw(config, 0, 0, face)), 147) << share;
  }
}

TEST(EqualisedMask, HasTheCountWhateverWasDrawn) {
  for (const char* kind : {"part", "roi_part", "random"}) {
    for (const int64_t wanted : {1, 20, 60, 150}) {
      auto config = of_kind(kind, 0.5);
      config.equalise = wanted;
      for (uint64_t sample = 0; sample < 20; ++sample) { EXPECT_EQ(count(draw(config, 0, sample)), wanted) << kind; }
      EXPECT_EQ(fixed_mask_count(config, 14), wanted);
    }
  }
}

TEST(EqualisedMask, FillsFromTheSamePartFirst) {
  const auto parts = *facial_parts("literal", {14, 16}, drawn_face());
  auto config = of_kind("roi_part");
  config.only = "lips";
  config.equalise = static_cast<int64_t>(parts.lips.size()) - 5;
  EXPECT_TRUE(within(ids(draw(config)), parts.lips));
  config.equalise = static_cast<int64_t>(parts.lips.size()) + 5;
  EXPECT_TRUE(within(parts.lips, ids(draw(config))));
}

TEST(FixedMaskCount, SaysWhatEverySampleGets) {
  for (const int64_t grid : {4, 8, 12, 14, 16}) {
    for (const char* kind : {"none", "random", "tube", "key_region", "block"}) {
      if (std::string(kind) == "block" && grid != 14) { continue; }
      const auto face = drawn_face(static_cast<int>(grid * 8));
      const auto mask = draw_mask(of_kind(kind, 0.6), grid, 8, face, kSeed, 0, 5);
      EXPECT_EQ(static_cast<int64_t>(mask.size()), grid * grid);
      EXPECT_EQ(count(mask), fixed_mask_count(of_kind(kind, 0.6), grid)) << kind << " " << grid;
    }
  }
  EXPECT_EQ(fixed_mask_count(of_kind("part"), 14), 0);
  EXPECT_EQ(fixed_mask_count(of_kind("roi_part"), 14), 0);
}

TEST(DrawMask, FallsBackToRandomForLandmarksOfNoFace) {
  Marks nan = drawn_face();
  nan[3] = std::numeric_limits<float>::infinity();
  Marks low = drawn_face();
  for (size_t i = 1; i < low.size(); i += 2) { low[i] += 1e9f; }
  for (const auto& face : {Marks{}, nan, low}) {
    const auto masked = ids(draw(of_kind("part", 0.5), 0, 0, face));
    EXPECT_EQ(masked.size(), 32u);  // half of a third of 196
    EXPECT_NE(masked, ids(draw(of_kind("part", 0.5), 0, 1, face)));
    EXPECT_EQ(count(draw(of_kind("key_region"), 0, 0, face)), 147);
  }
}

TEST(MaskFaults, NamesEveryFaultAtOnce) {
  MaskConfig config;
  config.kind = "parts";
  config.ratio = 1;
  config.only = "ears";
  config.equalise = 196;
  EXPECT_EQ(mask_faults(config, 14).size(), 4u);
  EXPECT_THROW(draw(config), ConfigError);
  EXPECT_THAT(mask_faults(of_kind("block"), 8).at(0), testing::HasSubstr("grid of 8"));
  config.ratio = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(mask_faults(config, 14).size(), 4u);
  EXPECT_TRUE(mask_faults(of_kind("part", 1.0), 14).empty());
}

TEST(DrawMask, AClipHasOneMaskInAllSlotsUnlessItIsRandom) {
  for (const char* kind : {"random", "part", "roi_part", "tube", "key_region"}) {
    const auto config = of_kind(kind, 0.5);
    const auto one = draw(config, 2, 7);
    const auto clip = draw_mask(config, 14, 16, drawn_face(), kSeed, 2, 7, /*slots=*/3);
    ASSERT_EQ(clip.size(), 3 * one.size()) << kind;
    for (size_t slot = 0; slot < 3; ++slot) {
      const auto begin = clip.begin() + static_cast<std::ptrdiff_t>(slot * one.size());
      const std::vector<uint8_t> own(begin, begin + static_cast<std::ptrdiff_t>(one.size()));
      EXPECT_EQ(own == one, slot == 0 || std::string(kind) != "random") << kind << " " << slot;
      EXPECT_EQ(count(own), count(one)) << kind;
    }
  }
  const auto passes = draw_passes(of_kind("part", 0.5), 3, true, 14, 16, drawn_face(), kSeed, 7, 2);
  const auto single = draw_passes(of_kind("part", 0.5), 3, true, 14, 16, drawn_face(), kSeed, 7);
  ASSERT_EQ(passes.size(), 6U * 2 * 196);
  for (size_t i = 0; i < passes.size(); ++i) { ASSERT_EQ(passes[i], single[i / 392 * 196 + i % 196]) << i; }
}

}  // namespace
}  // namespace realface::data
