#include "data/order/shuffle.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "base/counter_rng.h"
#include "data/order/order.h"

namespace realface::data {
namespace {

/// `count` blocks of 5 to 14 items.
std::shared_ptr<const Blocks> blocks(uint64_t count, uint64_t per_window) {
  auto made = std::make_shared<Blocks>();
  made->per_window = per_window;
  made->first.push_back(0);
  for (uint64_t b = 0; b < count; ++b) {
    made->first.push_back(made->first.back() + 5 + CounterRng(1, CounterRng::Purpose::test, {b}).below(10));
  }
  return made;
}

TEST(WindowedShuffle, GivesEachItemOnceAnEpochAndEachWindowItsOwnBlocks) {
  const auto some = blocks(53, 8);  // the last window is short
  Shuffle shuffle(some, 4);
  const uint64_t n = shuffle.items();
  EXPECT_EQ(shuffle.windows(), 7U);
  for (uint64_t epoch = 0; epoch < 3; ++epoch) {
    std::set<uint64_t> items;
    for (uint64_t i = 0; i < n; ++i) {
      const auto place = shuffle.at(epoch * n + i);
      EXPECT_EQ(place.epoch, epoch);
      items.insert(place.item);
      const auto next = std::upper_bound(some->first.begin(), some->first.end(), place.item);
      const auto block = static_cast<uint64_t>(next - some->first.begin()) - 1;
      const auto window = shuffle.blocks_of(shuffle.window_of(epoch * n + i));
      EXPECT_NE(std::ranges::find(window, block), window.end()) << "item " << place.item;
    }
    EXPECT_EQ(items.size(), n);
    EXPECT_EQ(*items.rbegin(), n - 1);
  }
}

TEST(WindowedShuffle, MayBeAskedInAnyOrder) {
  Shuffle forward(blocks(40, 6), 4), jumping(blocks(40, 6), 4);
  const uint64_t n = forward.items();
  std::vector<uint64_t> items;
  for (uint64_t i = 0; i < 2 * n; ++i) { items.push_back(forward.at(i).item); }
  CounterRng rng(2, CounterRng::Purpose::test, {});
  for (int i = 0; i < 500; ++i) {
    const uint64_t draw = rng.below(2 * n);
    EXPECT_EQ(jumping.at(draw).item, items[draw]);
  }
}

TEST(WindowedShuffle, ChangesWithSeedAndEpoch) {
  Shuffle one(blocks(40, 6), 4), other(blocks(40, 6), 5);
  const uint64_t n = one.items();
  uint64_t same_seed = 0, same_epoch = 0;
  for (uint64_t i = 0; i < n; ++i) {
    same_seed += one.at(i).item == other.at(i).item ? 1 : 0;
    same_epoch += one.at(i).item == one.at(n + i).item ? 1 : 0;
  }
  EXPECT_LT(same_seed, 10U);
  EXPECT_LT(same_epoch, 10U);
}

/// Positions of an item over many epochs: in a windowed order the window is uniform, and the place inside it.
TEST(WindowedShuffle, PlacesAreUniform) {
  auto even = std::make_shared<Blocks>();
  even->per_window = 5;
  for (uint64_t b = 0; b <= 20; ++b) {
    even->first.push_back(b * 200);  // 4 windows of 1,000
  }
  Shuffle shuffle(even, 3);
  const uint64_t rounds = 400, cells = 20, n = 4000;
  std::vector<double> counts(cells);
  for (uint64_t epoch = 0; epoch < rounds; ++epoch) {
    for (uint64_t i = 0; i < n; ++i) {
      if (shuffle.at(epoch * n + i).item == 777) { counts[i / 200] += 1; }
    }
  }
  double chi = 0;
  const double expected = static_cast<double>(rounds) / cells;
  for (const double count : counts) { chi += (count - expected) * (count - expected) / expected; }
  EXPECT_NEAR(chi, 19.0, 4.5 * std::sqrt(2 * 19.0));
}

/// Neighbours from one video: windows of 20 blocks of 10 videos of 30 frames hold 6,000 frames, so 29 / 5,999 of the
/// neighbours are of one video by chance.
TEST(WindowedShuffle, NeighboursAreOfOneVideoNoMoreOftenThanChance) {
  auto even = std::make_shared<Blocks>();
  even->per_window = 20;
  for (uint64_t b = 0; b <= 200; ++b) { even->first.push_back(b * 300); }
  Shuffle shuffle(even, 3);
  double same = 0;
  const uint64_t n = shuffle.items();
  for (uint64_t i = 0; i + 1 < n; ++i) { same += shuffle.at(i).item / 30 == shuffle.at(i + 1).item / 30 ? 1 : 0; }
  const double expected = static_cast<double>(n) * 29 / 5999;
  EXPECT_NEAR(same, expected, 5 * std::sqrt(expected));
}

/// Reals and three kinds of fakes of different numbers.
OrderConfig halves() {
  return {.seed = 6,
          .classes = {{0, 100, nullptr}, {100, 7, nullptr}, {107, 50, nullptr}, {157, 1, nullptr}},
          .groups = {{0}, {1, 2, 3}}};
}

TEST(BalancedOrder, EveryEvenBatchIsHalfRealAndFakesAreUniformOverTypes) {
  Order order(halves());
  EXPECT_EQ(order.items(), 158U);
  std::map<size_t, int> fakes;
  for (uint64_t batch = 0; batch < 60; ++batch) {
    int reals = 0;
    for (uint64_t i = 0; i < 10; ++i) {
      const uint64_t item = order.at(batch * 10 + i).item;
      reals += item < 100 ? 1 : 0;
      if (item >= 100) { ++fakes[item < 107 ? 1 : item < 157 ? 2 : 3]; }
    }
    EXPECT_EQ(reals, 5) << batch;
  }
  EXPECT_EQ(fakes, (std::map<size_t, int>{{1, 100}, {2, 100}, {3, 100}}));
}

TEST(BalancedOrder, EachClassGoesThroughItsItemsOnceAnEpochOfItsOwn) {
  Order order(halves());
  std::map<std::pair<uint64_t, uint64_t>, int> seen;  // (item, epoch of its class)
  for (uint64_t position = 0; position < 2 * 3 * 50 * 2; ++position) {
    const Draw draw = order.at(position);
    ++seen[{draw.item, draw.epoch}];
  }
  for (const auto& [key, count] : seen) { EXPECT_EQ(count, 1) << key.first << " in epoch " << key.second; }
  for (uint64_t item = 107; item < 157; ++item) { EXPECT_EQ(seen.count({item, 1}), 1U); }
}

TEST(BalancedOrder, EveryRankSeesBothHalves) {
  Order order(halves());
  for (uint64_t rank = 0; rank < 2; ++rank) {
    int reals = 0;
    for (uint64_t i = 0; i < 1000; ++i) { reals += order.at(2 * i + rank).item < 100 ? 1 : 0; }
    EXPECT_NEAR(reals, 500, 5 * std::sqrt(250.0));
  }
}

}  // namespace
}  // namespace realface::data
