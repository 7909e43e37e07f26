#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace realface::distributed {

class MpiGroup;

/// A block of memory of each rank, mapped by all ranks of a node, so that a rank adds up its share of everybody's
/// gradients where they lie, without a copy.
///
/// Made with memfd_create and opened through /proc/PID/fd, so it counts as ordinary memory: neither the small /dev/shm
/// of containers nor a left-over file is in the way.
class NodeMemory {
 public:
  /// Collective over ranks that share a node. Zeroed; page-aligned. Null on every rank where one rank cannot map
  /// another's memory (other PID namespace, no /proc, no memory): callers then take the MPI path.
  static std::shared_ptr<NodeMemory> allocate(const MpiGroup& group, size_t bytes);
  ~NodeMemory();
  NodeMemory(const NodeMemory&) = delete;
  NodeMemory& operator=(const NodeMemory&) = delete;

  std::byte* of(int rank) const { return blocks_[static_cast<size_t>(rank)]; }
  int ranks() const { return static_cast<int>(blocks_.size()); }
  size_t bytes() const { return bytes_; }
  /// Whether the address lies in this rank's own block.
  bool holds(const void* address) const;

 private:
  NodeMemory(int rank, size_t bytes) : rank_(rank), bytes_(bytes) {}

  int rank_;
  size_t bytes_, mapped_ = 0;
  std::vector<std::byte*> blocks_;
};

}  // namespace realface::distributed
