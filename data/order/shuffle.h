#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "data/order/permutation.h"

namespace realface::data {

/// Runs of neighbouring items that lie together on disk, for reading in large pieces.
struct Blocks {
  std::vector<uint64_t> first;  // [B+1] items: block b holds first[b] to first[b+1] - 1
  uint64_t per_window = 512;    // K: how many blocks are mixed with one another

  uint64_t count() const { return first.size() - 1; }
};

/// A random order of items 0..n-1, epoch after epoch, each item once an epoch; computed, not stored. One thread an
/// object.
///
/// Global: one cipher of all items. Windowed, for file systems that cannot read small pieces at random: a cipher of the
/// blocks; K blocks in this order make a window; inside a window, a cipher of its items (docs/data.md).
/// Windows are defined without ranks, so both orders are the same at every world size.
class Shuffle {
 public:
  Shuffle(uint64_t items, uint64_t seed) : items_(items), seed_(seed) {}
  Shuffle(std::shared_ptr<const Blocks> blocks, uint64_t seed)
      : items_(blocks->first.back()), seed_(seed), blocks_(std::move(blocks)) {}

  struct Place {
    uint64_t epoch = 0, item = 0;
  };
  /// The draw-th item since the start of training.
  Place at(uint64_t draw);

  /// Of a windowed order: the window that a draw falls into, counted over all epochs, and its blocks in drawing order.
  uint64_t window_of(uint64_t draw);
  std::vector<uint64_t> blocks_of(uint64_t window);

  uint64_t items() const { return items_; }
  bool windowed() const { return blocks_ != nullptr; }
  uint64_t windows() const;  // an epoch

 private:
  /// The order of one epoch's blocks: which window holds which items.
  struct Epoch {
    uint64_t number = 0;
    std::vector<uint64_t> blocks;  // in drawing order
    std::vector<uint64_t> first;   // [windows + 1] draws of this epoch
  };
  struct Window {
    uint64_t epoch = 0, number = 0;
    std::vector<uint64_t> ends;  // items of its blocks, added up
    Permutation order;
  };
  void enter_epoch(uint64_t epoch);
  void enter_window(uint64_t epoch, uint64_t window);

  uint64_t items_, seed_;
  std::shared_ptr<const Blocks> blocks_;  // null: global
  uint64_t global_epoch_ = 0;
  std::optional<Permutation> global_;
  std::optional<Epoch> epoch_;
  std::optional<Window> window_;
};

}  // namespace realface::data
