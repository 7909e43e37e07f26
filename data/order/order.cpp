#include "data/order/order.h"

#include "base/counter_rng.h"
#include "base/error.h"

namespace realface::data {
namespace {

/// Whose turn it is of `count` in their `turn`-th turn: everybody once in each run of `count`, in an order drawn for
/// that run. `level` tells the turns of groups from those of classes.
size_t whose_turn(uint64_t seed, uint64_t level, uint64_t turn, size_t count) {
  if (count == 1) { return 0; }
  CounterRng rng(seed, CounterRng::Purpose::order, {level, turn / count});
  const auto order = rng.sample(static_cast<int64_t>(count), static_cast<int64_t>(count));
  return static_cast<size_t>(order[turn % count]);
}

}  // namespace

OrderConfig plain_order(uint64_t items, uint64_t seed, bool shuffled) {
  return {.seed = seed, .shuffled = shuffled, .classes = {{0, items, nullptr}}, .groups = {{0}}};
}

Order::Order(const OrderConfig& config) : config_(config) {
  for (size_t i = 0; i < config.classes.size(); ++i) {
    const ItemClass& one = config.classes[i];
    if (one.count == 0) { throw Error("[order] a class has no items"); }
    items_ += one.count;
    const uint64_t seed = i == 0 ? config.seed : mix({config.seed, i});
    if (one.blocks) {
      shuffles_.emplace_back(one.blocks, seed);
    } else {
      shuffles_.emplace_back(one.count, seed);
    }
  }
}

Draw Order::at(uint64_t position) {
  Draw draw{.position = position};
  if (!config_.shuffled) {
    draw.item = position % items_;
    draw.padding = position >= items_;
    return draw;
  }
  const size_t groups = config_.groups.size();
  const size_t group = whose_turn(config_.seed, 0, position, groups);
  const uint64_t turn = position / groups;
  const auto& classes = config_.groups[group];
  const size_t number = classes[whose_turn(config_.seed, 1 + group, turn, classes.size())];
  const Shuffle::Place place = shuffles_[number].at(turn / classes.size());
  draw.epoch = place.epoch;
  draw.item = config_.classes[number].first + place.item;
  return draw;
}

uint64_t Order::drawn_before(size_t number, uint64_t position) const {
  for (const auto& classes : config_.groups) {
    for (const size_t one : classes) {
      if (one == number) { return position / config_.groups.size() / classes.size(); }
    }
  }
  return 0;
}

}  // namespace realface::data
