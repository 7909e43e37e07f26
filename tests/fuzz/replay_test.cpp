// A short run of the fuzz target without libFuzzer: the committed corpus, then mutations of it by a seed.

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "base/counter_rng.h"
#include "tests/fuzz/codec_fuzz.h"

namespace realface::data::fuzz {
namespace {
namespace fs = std::filesystem;
using Input = std::vector<uint8_t>;

std::vector<Input> corpus() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(REALFACE_CORPUS)) { files.push_back(entry.path()); }
  std::sort(files.begin(), files.end());
  std::vector<Input> inputs;
  for (const fs::path& file : files) {
    std::ifstream stream(file, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return inputs;
}

void change_byte(CounterRng& rng, Input& input) {
  if (!input.empty()) { input[rng.below(input.size())] = static_cast<uint8_t>(rng.below(256)); }
}

void flip_bit(CounterRng& rng, Input& input) {
  if (!input.empty()) { input[rng.below(input.size())] ^= static_cast<uint8_t>(1U << rng.below(8)); }
}

void cut(CounterRng& rng, Input& input) { input.resize(rng.below(input.size() + 1)); }

void repeat_part(CounterRng& rng, Input& input) {
  const size_t from = rng.below(input.size() + 1), count = rng.below(std::min<size_t>(input.size() - from, 64) + 1);
  const Input part(input.begin() + static_cast<std::ptrdiff_t>(from),
                   input.begin() + static_cast<std::ptrdiff_t>(from + count));
  input.insert(input.begin() + static_cast<std::ptrdiff_t>(rng.below(input.size() + 1)), part.begin(), part.end());
}

Input mutated(CounterRng& rng, Input input) {
  constexpr void (*kWays[])(CounterRng&, Input&) = {change_byte, flip_bit, flip_bit, cut, repeat_part};
  for (uint64_t changes = 1 + rng.below(4); changes > 0; --changes) { kWays[rng.below(std::size(kWays))](rng, input); }
  return input;
}

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
