#include "distributed/work_queue.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/mpi_world.h"

namespace realface::distributed {
namespace {

using realface::testing::mpi_world;

/// How many ranks drew each item.
std::vector<int64_t> draws_of_all(const std::vector<int64_t>& mine, int64_t items) {
  const auto counts = torch::zeros({items}, torch::kInt64);
  for (const int64_t item : mine) { counts[item] += 1; }
  mpi_world().host_group().all_reduce(counts)->wait();
  return {counts.const_data_ptr<int64_t>(), counts.const_data_ptr<int64_t>() + items};
}

TEST(WorkQueue, EveryItemGoesToExactlyOneRank) {
  for (const int64_t items : {1, 2, 7, 500}) {
    std::vector<int64_t> mine;
    {
      WorkQueue queue(mpi_world(), items);
      while (const auto item = queue.next()) { mine.push_back(*item); }
      EXPECT_FALSE(queue.next()) << "empty stays empty";
    }
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    EXPECT_EQ(draws_of_all(mine, items), std::vector<int64_t>(size_t(items), 1));
  }
}

TEST(WorkQueue, NothingIsDrawnFromAnEmptyOne) {
  WorkQueue queue(mpi_world(), 0);
  EXPECT_FALSE(queue.next());
}

TEST(WorkQueue, SeveralThreadsMayDraw) {
  std::vector<int64_t> mine;
  {
    WorkQueue queue(mpi_world(), 200);
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] {
        while (const auto item = queue.next()) {
          const std::lock_guard lock(mutex);
          mine.push_back(*item);
        }
      });
    }
    for (auto& thread : threads) { thread.join(); }
  }
  EXPECT_EQ(draws_of_all(mine, 200), std::vector<int64_t>(200, 1));
}

TEST(WorkQueue, OthersDrawWhileRankZeroComputes) {
  auto& world = mpi_world();
  if (world.size() < 2) { GTEST_SKIP() << "needs two ranks"; }
  std::vector<int64_t> mine;
  {
    WorkQueue queue(world, 40);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (world.rank() == 0 && std::chrono::steady_clock::now() < until) {}
    while (const auto item = queue.next()) { mine.push_back(*item); }
    if (world.rank() == 0) { EXPECT_TRUE(mine.empty()) << "the others had a second for 40 items"; }
  }
  EXPECT_EQ(draws_of_all(mine, 40), std::vector<int64_t>(40, 1));
}

TEST(WorkQueue, RanksThatDisagreeAboutTheItemsAreTold) {
  auto& world = mpi_world();
  if (world.size() < 2) { GTEST_SKIP() << "needs two ranks"; }
  EXPECT_THROW(WorkQueue(world, 5 + world.rank()), Error);
  EXPECT_THROW(WorkQueue(world, -1), Error);
}

}  // namespace
}  // namespace realface::distributed
