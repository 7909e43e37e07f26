#include "data/order/permutation.h"

#include <algorithm>
#include <bit>

#include "base/counter_rng.h"
#include "base/error.h"

namespace realface::data {
namespace {

constexpr unsigned kMinBits = 16;

/// The round function: the finaliser of MurmurHash3, whose every output bit depends on every input bit.
uint64_t scramble(uint64_t value, uint64_t key) {
  value ^= key;
  value = (value ^ (value >> 33)) * 0xFF51AFD7ED558CCDULL;
  value = (value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53ULL;
  return value ^ (value >> 33);
}

}  // namespace

Permutation::Permutation(uint64_t n, uint64_t seed, uint64_t epoch) : n_(n) {
  if (n == 0 || n > (uint64_t{1} << 62)) {
    throw Error("[permutation] has " + std::to_string(n) + " items; expected 1 to 2^62");
  }
  const unsigned bits = std::max(kMinBits, static_cast<unsigned>(std::bit_width(n - 1)));
  low_bits_ = bits / 2;
  low_mask_ = (uint64_t{1} << low_bits_) - 1;
  high_mask_ = (uint64_t{1} << (bits - low_bits_)) - 1;
  for (size_t round = 0; round < keys_.size(); ++round) {
    keys_[round] = mix({seed, epoch, static_cast<uint64_t>(CounterRng::Purpose::order), round});
  }
}

// The halves take turns, so they need not be equal: the domain is never more than twice n.
uint64_t Permutation::encrypt(uint64_t block) const {
  uint64_t low = block & low_mask_, high = block >> low_bits_;
  for (size_t round = 0; round < keys_.size(); round += 2) {
    low ^= scramble(high, keys_[round]) & low_mask_;
    high ^= scramble(low, keys_[round + 1]) & high_mask_;
  }
  return (high << low_bits_) | low;
}

uint64_t Permutation::decrypt(uint64_t block) const {
  uint64_t low = block & low_mask_, high = block >> low_bits_;
  for (size_t round = keys_.size(); round > 0; round -= 2) {
    high ^= scramble(low, keys_[round - 1]) & high_mask_;
    low ^= scramble(high, keys_[round - 2]) & low_mask_;
  }
  return (high << low_bits_) | low;
}

uint64_t Permutation::at(uint64_t index) const {
  do { index = encrypt(index); } while (index >= n_);
  return index;
}

uint64_t Permutation::place_of(uint64_t item) const {
  do { item = decrypt(item); } while (item >= n_);
  return item;
}

}  // namespace realface::data
