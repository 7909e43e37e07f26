#include "data/window_stager.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "distributed/self_communicator.h"
#include "shard_samples.h"

namespace realface::data {
namespace {

/// Four shards of six videos of four frames; a block is one video, a window five of them.
class WindowStagerTest : public testing::Test {
 protected:
  void SetUp() override {
    samples::write_dataset(folder_.path(), {.shards = 4, .videos_per_shard = 6});
    dataset_ = Dataset::open(folder_.path().string(), {"all"}, *group_);
    items_ = std::make_shared<const Items>(
        *dataset_, ItemsConfig{.seed = 2, .windowed = true, .block_bytes = 1, .blocks_per_window = 5});
  }
  uint64_t bytes_of_windows(uint64_t first, uint64_t last) const {
    Order order(items_->order());
    uint64_t bytes = 0;
    for (uint64_t window = first; window <= last; ++window)
      for (const uint64_t block : order.shuffle_of(0).blocks_of(window)) {
        for (const auto& extent : items_->extents_of(0, block)) bytes += extent.end - extent.begin;
      }
    return bytes;
  }
  /// What the stagers have read together once that is `wanted`, or after 20 s.
  static uint64_t read_by(const std::vector<std::unique_ptr<WindowStager>>& stagers, uint64_t wanted) {
    uint64_t bytes = 0;
    for (int i = 0; i < 2000; ++i) {
      bytes = 0;
      for (const auto& stager : stagers) bytes += stager->bytes_read();
      if (bytes >= wanted) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // nobody reads more than that
    bytes = 0;
    for (const auto& stager : stagers) bytes += stager->bytes_read();
    return bytes;
  }

  TemporaryFolder folder_;
  std::unique_ptr<distributed::Communicator> group_ = distributed::make_self_communicator();
  std::shared_ptr<const Dataset> dataset_;
  std::shared_ptr<const Items> items_;
};

TEST_F(WindowStagerTest, ReadsTheWindowThatIsWantedAndTheNextOnce) {
  std::vector<std::unique_ptr<WindowStager>> stagers;
  stagers.push_back(std::make_unique<WindowStager>(dataset_, items_, 0, 1));
  stagers[0]->reach(0);
  EXPECT_EQ(read_by(stagers, bytes_of_windows(0, 1)), bytes_of_windows(0, 1));
  stagers[0]->reach(3);  // the same window
  EXPECT_EQ(read_by(stagers, bytes_of_windows(0, 1)), bytes_of_windows(0, 1));
  stagers[0]->reach(items_->size() - 1);  // the last one: the next is of the next epoch
  EXPECT_EQ(read_by(stagers, bytes_of_windows(0, 1) + bytes_of_windows(4, 5)),
            bytes_of_windows(0, 1) + bytes_of_windows(4, 5));
}

TEST_F(WindowStagerTest, TheRanksOfANodeShareTheReading) {
  std::vector<std::unique_ptr<WindowStager>> stagers;
  for (int rank = 0; rank < 3; ++rank) stagers.push_back(std::make_unique<WindowStager>(dataset_, items_, rank, 3));
  for (const auto& stager : stagers) stager->reach(0);
  EXPECT_EQ(read_by(stagers, bytes_of_windows(0, 1)), bytes_of_windows(0, 1));
  for (const auto& stager : stagers) EXPECT_GT(stager->bytes_read(), 0U);
}

TEST_F(WindowStagerTest, AShardThatWasCutShortDoesNotEndTheReadingAhead) {
  std::filesystem::resize_file(folder_.path() / "train-2.h5", 100);
  std::vector<std::unique_ptr<WindowStager>> stagers;
  stagers.push_back(std::make_unique<WindowStager>(dataset_, items_, 0, 1));
  stagers[0]->reach(0);
  uint64_t there = 0;  // of the first two windows
  Order order(items_->order());
  for (const uint64_t window : {0U, 1U})
    for (const uint64_t block : order.shuffle_of(0).blocks_of(window))
      for (const auto& extent : items_->extents_of(0, block))
        there += dataset_->name(extent.shard) == "train-2.h5" ? 0 : extent.end - extent.begin;
  EXPECT_LT(there, bytes_of_windows(0, 1));
  EXPECT_EQ(read_by(stagers, there), there);
}

TEST_F(WindowStagerTest, WindowsThatTrainingHasOvertakenAreNotRead) {
  std::vector<std::unique_ptr<WindowStager>> stagers;
  stagers.push_back(std::make_unique<WindowStager>(dataset_, items_, 0, 1));
  for (uint64_t epoch = 0; epoch < 200; ++epoch) stagers[0]->reach(epoch * items_->size());
  stagers[0]->reach(200 * items_->size());
  for (uint64_t before = 1, now = 0; before != now;) {  // until it rests
    before = now;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    now = stagers[0]->bytes_read();
  }
  EXPECT_LT(stagers[0]->bytes_read(), bytes_of_windows(0, 399));
}

}  // namespace
}  // namespace realface::data
