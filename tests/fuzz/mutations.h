#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/counter_rng.h"

/// What libFuzzer does, in small, for tests that replay a fuzz target: a folder of inputs, and changes of them by a
/// seed.
namespace realface::fuzz {

using Input = std::vector<uint8_t>;

inline std::vector<Input> inputs_of(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) { files.push_back(entry.path()); }
  std::sort(files.begin(), files.end());
  std::vector<Input> inputs;
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return inputs;
}

inline void change_byte(CounterRng& rng, Input& input) {
  if (!input.empty()) { input[rng.below(input.size())] = static_cast<uint8_t>(rng.below(256)); }
}

inline void flip_bit(CounterRng& rng, Input& input) {
  if (!input.empty()) { input[rng.below(input.size())] ^= static_cast<uint8_t>(1U << rng.below(8)); }
}

inline void cut(CounterRng& rng, Input& input) { input.resize(rng.below(input.size() + 1)); }

inline void repeat_part(CounterRng& rng, Input& input) {
  const size_t from = rng.below(input.size() + 1), count = rng.below(std::min<size_t>(input.size() - from, 64) + 1);
  const Input part(input.begin() + static_cast<std::ptrdiff_t>(from),
                   input.begin() + static_cast<std::ptrdiff_t>(from + count));
  input.insert(input.begin() + static_cast<std::ptrdiff_t>(rng.below(input.size() + 1)), part.begin(), part.end());
}

inline Input mutated(CounterRng& rng, Input input) {
  constexpr void (*kWays[])(CounterRng&, Input&) = {change_byte, flip_bit, flip_bit, cut, repeat_part};
  for (uint64_t changes = 1 + rng.below(4); changes > 0; --changes) { kWays[rng.below(std::size(kWays))](rng, input); }
  return input;
}

}  // namespace realface::fuzz
