#pragma once

#include <torch/types.h>
#include <vector>

#include "checkpoints/format/layout.h"
#include "checkpoints/format/manifest.h"

namespace realface::checkpoints {

/// One piece as it was at the moment of saving.
struct HostPiece {
  PieceRecord record;  // without its place in a file
  torch::Tensor data;  // contiguous, on the host, in the snapshot's memory
};

/// Copies state to host memory that it owns, so that training may change the tensors while a thread writes the copies.
/// The memory is one block, kept from one snapshot to the next (pinned if the state is on a GPU, for which it waits
/// once): take the next one only when the last was written.
class Snapshot {
 public:
  void take(const std::vector<OwnedSlice>& slices);
  const std::vector<HostPiece>& pieces() const { return pieces_; }

 private:
  torch::Tensor buffer_;  // u8
  std::vector<HostPiece> pieces_;
};

}  // namespace realface::checkpoints
