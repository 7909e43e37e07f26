#pragma once

#include <torch/types.h>
#include <vector>

#include "checkpoints/format/layout.h"
#include "checkpoints/format/manifest.h"

namespace realface::checkpoints {

/// One piece as it was at the moment of saving.
struct HostPiece {
  PieceRecord record;  // without its place in a file
  torch::Tensor data;  // contiguous, on the host, nobody else's
};

/// Copies state to host memory that it owns, so that training may change the tensors while a thread writes the copies.
/// The memory is kept from one snapshot to the next (pinned where the state is on a GPU): take the next one only when
/// the last was written.
class Snapshot {
 public:
  void take(const std::vector<OwnedSlice>& slices);
  const std::vector<HostPiece>& pieces() const { return pieces_; }

 private:
  std::vector<HostPiece> pieces_;
};

}  // namespace realface::checkpoints
