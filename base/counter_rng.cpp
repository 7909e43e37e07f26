#include "base/counter_rng.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace realface {

uint64_t mix(std::initializer_list<uint64_t> values) {
  uint64_t state = 0x9E3779B97F4A7C15ull;
  for (const uint64_t value : values) {
    state += value + 0x9E3779B97F4A7C15ull;
    state = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9ull;
    state = (state ^ (state >> 27)) * 0x94D049BB133111EBull;
    state ^= state >> 31;
  }
  return state;
}

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53u} * counter[0];
    const uint64_t b = uint64_t{0xCD9E8D57u} * counter[2];
    counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(b),
               static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(a)};
    key[0] += 0x9E3779B9u;
    key[1] += 0xBB67AE85u;
  }
  return counter;
}

CounterRng::CounterRng(uint64_t seed, Purpose purpose, std::initializer_list<uint64_t> key) {
  const uint64_t high = mix({seed, static_cast<uint64_t>(purpose)});
  const uint64_t low = mix(key);
  key_ = {static_cast<uint32_t>(high), static_cast<uint32_t>(high >> 32)};
  counter_ = {0, 0, static_cast<uint32_t>(low), static_cast<uint32_t>(low >> 32)};
}

void CounterRng::refill() {
  block_ = philox(counter_, key_);
  used_ = 0;
  if (++counter_[0] == 0) { ++counter_[1]; }
}

uint32_t CounterRng::next_u32() {
  if (used_ == 4) { refill(); }
  return block_[used_++];
}

uint64_t CounterRng::next_u64() {
  const uint64_t high = next_u32();
  return (high << 32) | next_u32();
}

double CounterRng::uniform() { return static_cast<double>(next_u64() >> 11) * 0x1.0p-53; }
double CounterRng::uniform(double low, double high) { return low + (high - low) * uniform(); }

double CounterRng::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

uint64_t CounterRng::below(uint64_t bound) {
  // Draws under 2^64 mod bound are thrown away: what is left divides evenly.
  const uint64_t reject = (0 - bound) % bound;
  uint64_t draw = next_u64();
  while (draw < reject) { draw = next_u64(); }
  return draw % bound;
}

std::vector<int64_t> CounterRng::sample(int64_t n, int64_t k) {
  std::vector<int64_t> pool(static_cast<size_t>(n));
  std::iota(pool.begin(), pool.end(), int64_t{0});
  k = std::min(k, n);
  for (int64_t i = 0; i < k; ++i) {
    const auto pick = i + static_cast<int64_t>(below(static_cast<uint64_t>(n - i)));
    std::swap(pool[static_cast<size_t>(i)], pool[static_cast<size_t>(pick)]);
  }
  pool.resize(static_cast<size_t>(k));
  return pool;
}

}  // namespace realface
