#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/state.h"

namespace realface::checkpoints {

/// A slice and the part that it belongs to.
struct OwnedSlice {
  std::string part;
  Slice slice;

  std::string key() const { return part + "/" + slice.name; }
  uint64_t bytes() const { return static_cast<uint64_t>(slice.tensor.nbytes()); }
};

/// Every slice of the parts, in their order. Throws CheckpointError for two parts or two slices of one name, an
/// undefined tensor, and rows that lie outside of their whole.
std::vector<OwnedSlice> all_slices(const std::vector<Part*>& parts);

/// The slices that `rank` of `size` writes: its own rows of sharded tensors, and its share of the replicated ones.
///
/// The share is a fixed rule of names and sizes: replicated tensors, largest first (then by name), each to the rank
/// with the fewest bytes so far (then the lowest), so that all ranks write about as much and none asks another.
std::vector<OwnedSlice> slices_to_write(const std::vector<OwnedSlice>& slices, int rank, int size);

}  // namespace realface::checkpoints
