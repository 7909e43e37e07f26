// A short run of the fuzz target without libFuzzer: the committed corpus, then mutations of it by a seed.

#include <gtest/gtest.h>

#include <set>

#include "tests/fuzz/codec_fuzz.h"
#include "tests/fuzz/mutations.h"

namespace realface::data::fuzz {
namespace {
using realface::fuzz::Input;
using realface::fuzz::inputs_of;
using realface::fuzz::mutated;

std::vector<Input> corpus() { return inputs_of(REALFACE_CORPUS); }

TEST(CodecFuzz, CorpusHoldsSoundAndDamagedBlobsOfEveryKind) {
  std::set<int> sound, refused;
  for (const Input& input : corpus()) {
    if (input.size() < 2) { continue; }
    (decode_input(input.data(), input.size()) ? sound : refused).insert(input[0] % kKinds);
  }
  EXPECT_EQ(sound.size(), static_cast<size_t>(kKinds));
  EXPECT_EQ(refused.size(), static_cast<size_t>(kKinds));
}

TEST(CodecFuzz, MutationsAreDecodedOrRefused) {
  const std::vector<Input> seeds = corpus();
  ASSERT_FALSE(seeds.empty());
  CounterRng rng(1, CounterRng::Purpose::test, {});
  int64_t decoded = 0;
  constexpr int kRounds = 20000;
  for (int round = 0; round < kRounds; ++round) {
    const Input input = mutated(rng, seeds[rng.below(seeds.size())]);
    ASSERT_EQ(LLVMFuzzerTestOneInput(input.data(), input.size()), 0);
    decoded += decode_input(input.data(), input.size());
  }
  // Else the mutations are too wild to get beyond the first check, or so tame that they damage nothing.
  EXPECT_GT(decoded, kRounds / 100);
  EXPECT_LT(decoded, kRounds * 9 / 10);
}

TEST(CodecFuzz, TakesNoInputAtAll) {
  EXPECT_EQ(LLVMFuzzerTestOneInput(nullptr, 0), 0);
  const uint8_t one = 3;
  EXPECT_EQ(LLVMFuzzerTestOneInput(&one, 1), 0);
}

}  // namespace
}  // namespace realface::data::fuzz
