#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/order/shuffle.h"

namespace realface::data {

/// One place of a stream's endless sequence.
struct Draw {
  uint64_t position = 0;  // from the start of training
  uint64_t epoch = 0;     // of the item's class
  uint64_t item = 0;      // 0..n-1 of the stream's items
  bool padding = false;   // beyond the end of a stream that is not endless; item repeats an earlier one
};

/// Items [first, first + count) of a stream that take turns with other classes.
struct ItemClass {
  uint64_t first = 0, count = 0;
  std::shared_ptr<const Blocks> blocks;  // of a windowed order, numbered from 0; null: global
};

struct OrderConfig {
  uint64_t seed = 0;
  bool shuffled = true;  // false: once through 0..n-1, in storage order, whatever the classes
  std::vector<ItemClass> classes;
  /// Numbers of classes. Groups take turns, one of each in every run of as many positions, in an order drawn for that
  /// run, and so do the classes of a group at the group's turns (G20: reals and fakes by halves, fakes uniform over
  /// types).
  std::vector<std::vector<size_t>> groups;
};

/// One class, in one order: what a stream without balance has.
OrderConfig plain_order(uint64_t items, uint64_t seed, bool shuffled);

/// Which item stands at a position. A class runs through its own items, each once in an epoch of its own. Nothing here
/// knows ranks. One thread an object.
class Order {
 public:
  explicit Order(const OrderConfig& config);
  Draw at(uint64_t position);

  uint64_t items() const { return items_; }
  /// A class's own order, and how many of it were drawn before a position: what reads ahead in windows asks.
  Shuffle& shuffle_of(size_t number) { return shuffles_[number]; }
  uint64_t drawn_before(size_t number, uint64_t position) const;

 private:
  OrderConfig config_;
  uint64_t items_ = 0;
  std::vector<Shuffle> shuffles_;
};

/// How the positions of an update are dealt: update s covers [start + s B, start + (s+1) B), and rank r of W takes
/// those whole groups of consecutive positions in turn: group g of the update if g mod W == r; micro-batches are
/// consecutive pieces of a rank's share. So the groups of an update, as a set, are the same at every W.
struct Dealing {
  uint64_t batch = 1;  // B, divided by W x group
  uint64_t ranks = 1, rank = 0;
  uint64_t group = 1;  // positions

  uint64_t share() const { return batch / ranks; }
  /// Position of this rank's j-th sample of the update that begins at `start`.
  uint64_t position(uint64_t start, uint64_t j) const { return start + (j / group * ranks + rank) * group + j % group; }
};

}  // namespace realface::data
