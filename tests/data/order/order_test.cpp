#include "data/order/order.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/error.h"
#include "data/order/permutation.h"

namespace realface::data {
namespace {

TEST(Permutation, VisitsEveryItemOnceAndKnowsItsPlace) {
  for (const uint64_t n : {1U, 2U, 7U, 1000U, 65536U, 65537U, 100000U}) {
    const Permutation order(n, 3, 1);
    std::vector<bool> seen(n);
    for (uint64_t i = 0; i < n; ++i) {
      const uint64_t item = order.at(i);
      ASSERT_LT(item, n);
      ASSERT_FALSE(seen[item]) << n;
      seen[item] = true;
      if (n < 2000) { ASSERT_EQ(order.place_of(item), i); }
    }
  }
  EXPECT_THROW(Permutation(0, 1, 1), Error);
}

TEST(Permutation, HoldsAtSizesThatNoMemoryHolds) {
  const uint64_t n = (uint64_t{1} << 40) + 12345;
  const Permutation order(n, 1, 2);
  for (const uint64_t i : {uint64_t{0}, n / 3, n - 1}) {
    EXPECT_LT(order.at(i), n);
    EXPECT_EQ(order.place_of(order.at(i)), i);
  }
}

/// Where each item lands, over many orders, against the uniform distribution: chi-square with n - 1 degrees of freedom
/// has mean n - 1 and deviation sqrt(2 (n - 1)).
TEST(Permutation, PlacesAreUniform) {
  const uint64_t n = 50, rounds = 4000;
  for (const uint64_t item : {0U, 1U, 25U, 49U}) {
    std::vector<double> counts(n);
    for (uint64_t epoch = 0; epoch < rounds; ++epoch) { counts[Permutation(n, 11, epoch).at(item)] += 1; }
    double chi = 0;
    const double expected = static_cast<double>(rounds) / static_cast<double>(n);
    for (const double count : counts) { chi += (count - expected) * (count - expected) / expected; }
    EXPECT_NEAR(chi, 49.0, 4.5 * std::sqrt(2 * 49.0)) << item;
  }
}

TEST(Permutation, NeighboursAreIndependent) {
  // Pairs (item of i, item of i + 1) over a 16 x 16 grid of cells: chi-square with 255 degrees of freedom. And the
  // share of neighbours from the same video of 30 frames: (29 / (n - 1)) expected.
  const uint64_t n = 90000;
  const Permutation order(n, 5, 0);
  std::vector<double> cells(256);
  double same_video = 0;
  for (uint64_t i = 0; i + 1 < n; ++i) {
    const uint64_t a = order.at(i), b = order.at(i + 1);
    cells[a * 16 / n * 16 + b * 16 / n] += 1;
    same_video += a / 30 == b / 30 ? 1 : 0;
  }
  double chi = 0;
  const double expected = static_cast<double>(n - 1) / 256;
  for (const double count : cells) { chi += (count - expected) * (count - expected) / expected; }
  EXPECT_NEAR(chi, 255.0, 5 * std::sqrt(2 * 255.0));
  EXPECT_NEAR(same_video, 29.0, 5 * std::sqrt(29.0));
}

TEST(Permutation, SeedsAndEpochsGiveOtherOrders) {
  const uint64_t n = 5000;
  const Permutation base(n, 1, 1);
  for (const auto& [seed, epoch] : {std::pair{1U, 2U}, {2U, 1U}}) {
    const Permutation other(n, seed, epoch);
    int same = 0;
    for (uint64_t i = 0; i < n; ++i) { same += base.at(i) == other.at(i) ? 1 : 0; }
    EXPECT_LT(same, 10);  // one is expected by chance
  }
}

/// What all ranks of a world draw for `updates` updates from `start`, in order of position.
std::vector<Draw> draws(uint64_t n, uint64_t batch, uint64_t ranks, uint64_t start, uint64_t updates) {
  std::vector<Draw> all(batch * updates);
  for (uint64_t rank = 0; rank < ranks; ++rank) {
    Order order(plain_order(n, 9, true));
    const Dealing dealing{batch, ranks, rank};
    for (uint64_t step = 0; step < updates; ++step) {
      for (uint64_t j = 0; j < dealing.share(); ++j) {
        const Draw draw = order.at(dealing.position(start + step * batch, j));
        all.at(draw.position - start) = draw;
      }
    }
  }
  return all;
}

TEST(Order, IsTheSameAtEveryWorldSizeAndExactOncePerEpoch) {
  const uint64_t n = 1003, batch = 24, updates = 3 * n / batch + 1;  // batches straddle the epochs
  const auto alone = draws(n, batch, 1, 0, updates);
  for (uint64_t epoch = 0; epoch < 3; ++epoch) {
    std::set<uint64_t> items;
    for (uint64_t i = 0; i < n; ++i) {
      EXPECT_EQ(alone[epoch * n + i].epoch, epoch);
      items.insert(alone[epoch * n + i].item);
    }
    EXPECT_EQ(items.size(), n);
    EXPECT_EQ(*items.rbegin(), n - 1);
  }
  for (const uint64_t ranks : {2U, 3U, 4U, 8U}) {
    const auto many = draws(n, batch, ranks, 0, updates);
    for (size_t i = 0; i < alone.size(); ++i) {
      ASSERT_EQ(many[i].position, alone[i].position);
      ASSERT_EQ(many[i].item, alone[i].item) << ranks << " ranks, position " << i;
    }
  }
}

TEST(Order, StopsAnywhereAndGoesOnAtAnotherWorldSize) {
  const uint64_t n = 500, batch = 24;
  const auto whole = draws(n, batch, 1, 0, 60);
  for (const uint64_t stopped : {1U, 20U, 37U}) {
    for (const uint64_t ranks : {2U, 3U, 8U}) {
      const auto tail = draws(n, batch, ranks, stopped * batch, 60 - stopped);
      for (size_t i = 0; i < tail.size(); ++i) { ASSERT_EQ(tail[i].item, whole[stopped * batch + i].item); }
    }
  }
}

TEST(Order, UnshuffledRunsOnceThroughAndPads) {
  Order order(plain_order(5, 9, false));
  for (uint64_t i = 0; i < 8; ++i) {
    const Draw draw = order.at(i);
    EXPECT_EQ(draw.item, i % 5);
    EXPECT_EQ(draw.padding, i >= 5);
    EXPECT_EQ(draw.epoch, 0U);
  }
}

}  // namespace
}  // namespace realface::data
