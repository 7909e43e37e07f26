// A short run of the fuzz target without libFuzzer: files that torch.save wrote, then mutations of them by a seed.

#include <gtest/gtest.h>

#include "tests/fuzz/mutations.h"
#include "tests/fuzz/weights_fuzz.h"

namespace realface::models::fuzz {
namespace {

using realface::fuzz::inputs_of;
using realface::fuzz::mutated;

TEST(WeightsFuzz, MutationsAreReadOrRefused) {
  constexpr int kRounds = 5000;
  const auto seeds = inputs_of(REALFACE_FIXTURES "/weights");
  int64_t sound = 0, read = 0;
  for (const auto& seed : seeds) { sound += read_input(seed.data(), seed.size()); }
  EXPECT_GT(sound, 8);
  CounterRng rng(1, CounterRng::Purpose::test, {});
  for (int round = 0; round < kRounds; ++round) {
    const auto input = mutated(rng, seeds[rng.below(seeds.size())]);
    ASSERT_EQ(LLVMFuzzerTestOneInput(input.data(), input.size()), 0);
    read += read_input(input.data(), input.size());
  }
  // Else the mutations are too wild to get beyond the first check, or so tame that they damage nothing.
  EXPECT_GT(read, kRounds / 100);
  EXPECT_LT(read, kRounds * 9 / 10);
}

TEST(WeightsFuzz, TakesNoInputAtAll) { EXPECT_EQ(LLVMFuzzerTestOneInput(nullptr, 0), 0); }

}  // namespace
}  // namespace realface::models::fuzz
