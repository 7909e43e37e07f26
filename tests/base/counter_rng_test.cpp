#include "base/counter_rng.h"

#include <gtest/gtest.h>

#include <set>

namespace realface {
namespace {

using Purpose = CounterRng::Purpose;

TEST(Philox, GivesTheKnownAnswersOfRandom123) {
  // The vectors of the Random123 distribution (kat_vectors, philox4x32 10 rounds).
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}), (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  const uint32_t f = 0xffffffff;
  EXPECT_EQ(philox({f, f, f, f}, {f, f}), (std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(CounterRng, DependsOnSeedPurposeAndKeyAlone) {
  const auto first = [](uint64_t seed, Purpose purpose, uint64_t epoch, uint64_t sample) {
    return CounterRng(seed, purpose, {epoch, sample}).next_u64();
  };
  const uint64_t reference = first(1, Purpose::mask, 2, 3);
  EXPECT_EQ(first(1, Purpose::mask, 2, 3), reference);
  EXPECT_NE(first(2, Purpose::mask, 2, 3), reference);
  EXPECT_NE(first(1, Purpose::flip, 2, 3), reference);
  EXPECT_NE(first(1, Purpose::mask, 3, 2), reference);
}

TEST(CounterRng, DrawsUniformlyBelowABound) {
  CounterRng rng(7, Purpose::test, {0});
  std::array<int, 10> counts{};
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) { ++counts[rng.below(10)]; }
  double chi_square = 0;
  for (const int count : counts) { chi_square += (count - kDraws / 10.0) * (count - kDraws / 10.0) / (kDraws / 10.0); }
  EXPECT_LT(chi_square, 27.9);  // 9 degrees of freedom, p = 0.001
}

TEST(CounterRng, HasNormalMoments) {
  CounterRng rng(7, Purpose::test, {1});
  constexpr int kDraws = 200000;
  double sum = 0;
  double squares = 0;
  double fourths = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = rng.normal();
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0.0, 0.01);
  EXPECT_NEAR(squares / kDraws, 1.0, 0.015);
  EXPECT_NEAR(fourths / kDraws, 3.0, 0.12);
}

TEST(CounterRng, SamplesDistinctNumbersAndClipsToAll) {
  CounterRng rng(3, Purpose::test, {2});
  const auto some = rng.sample(50, 20);
  EXPECT_EQ(std::set<int64_t>(some.begin(), some.end()).size(), 20u);
  const auto all = rng.sample(5, 9);
  EXPECT_EQ(std::set<int64_t>(all.begin(), all.end()), (std::set<int64_t>{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace realface
