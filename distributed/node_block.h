#pragma once

#include <cstddef>
#include <functional>
#include <memory>

namespace realface::distributed {

/// A piece of memory that all ranks of a node see, so that a table is kept once a node and not once a rank. Zeroed;
/// page-aligned; goes with its last holder.
struct NodeBlock {
  std::shared_ptr<std::byte> data;
  int writers = 1,
      writer = 0;  // ranks that see this piece, and this rank's number among them: to share out the filling
};

/// Makes a block of so many bytes; the same on all ranks. Those of World are collective.
using BlockMaker = std::function<NodeBlock(size_t bytes)>;

/// Of this process alone. Throws Error where there is no memory.
NodeBlock own_block(size_t bytes);

}  // namespace realface::distributed
