#pragma once

#include <cstdint>
#include <optional>

#include "data/permutation.h"

namespace realface::data {

/// One place of a stream's endless sequence.
struct Draw {
  uint64_t position = 0;  // from the start of training
  uint64_t epoch = 0;
  uint64_t item = 0;     // 0..n-1 of the stream's items
  bool padding = false;  // beyond the end of a stream that is not endless; item repeats an earlier one
};

/// Which item stands at a position: position = epoch * n + i, item = cipher(seed, epoch)(i). Nothing here knows ranks.
/// One thread an object.
class Order {
 public:
  /// Shuffled streams never end; others run once through 0..n-1.
  Order(uint64_t items, uint64_t seed, bool shuffled) : items_(items), seed_(seed), shuffled_(shuffled) {}
  Draw at(uint64_t position);

 private:
  uint64_t items_, seed_;
  bool shuffled_;
  uint64_t epoch_ = 0;
  std::optional<Permutation> permutation_;
};

/// How the positions of an update are dealt: update s covers [start + s B, start + (s+1) B), and rank r of W takes
/// those with (position - start) mod W == r, in order; micro-batches are consecutive pieces of a rank's share. So the
/// samples of an update, as a set, are the same at every W.
struct Dealing {
  uint64_t batch = 1;  // B, divided by W
  uint64_t ranks = 1, rank = 0;

  uint64_t share() const { return batch / ranks; }
  /// Position of this rank's j-th sample of the update that begins at `start`.
  uint64_t position(uint64_t start, uint64_t j) const { return start + j * ranks + rank; }
};

}  // namespace realface::data
