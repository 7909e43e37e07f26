#pragma once

#include <array>
#include <cstdint>

namespace realface::data {

/// A random order of 0..n-1 that is computed, not stored: a Feistel cipher over the smallest power of two that holds n
/// (2^16 at least, below which a cipher shows patterns), applied again until it lands below n (cycle walking: Black and
/// Rogaway, "Ciphers with arbitrary finite domains", 2002). Any thread may ask.
class Permutation {
 public:
  /// n from 1 to 2^62. Another (seed, epoch) is another order.
  Permutation(uint64_t n, uint64_t seed, uint64_t epoch);

  uint64_t size() const { return n_; }
  uint64_t at(uint64_t index) const;       // the item at this place; index < n
  uint64_t place_of(uint64_t item) const;  // the inverse

 private:
  static constexpr int kRounds = 6;
  uint64_t encrypt(uint64_t block) const;
  uint64_t decrypt(uint64_t block) const;

  uint64_t n_;
  unsigned low_bits_;
  uint64_t low_mask_, high_mask_;
  std::array<uint64_t, kRounds> keys_{};
};

}  // namespace realface::data
