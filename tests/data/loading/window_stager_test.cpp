#include "data/loading/window_stager.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "distributed/self_communicator.h"
#include "tests/data/loading/kernel_advice.h"
#include "tests/data/shards/samples.h"

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
  uint64_t bytes_of_windows(uint64_t first, uint64_t last) const { return bytes_of_windows(*items_, first, last); }
  /// Of all classes.
  static uint64_t bytes_of_windows(const Items& items, uint64_t first, uint64_t last) {
    Order order(items.order());
    uint64_t bytes = 0;
    for (size_t number = 0; number < items.order().classes.size(); ++number) {
      for (uint64_t window = first; window <= last; ++window) {
        for (const uint64_t block : order.shuffle_of(number).blocks_of(window)) {
          for (const auto& extent : items.extents_of(number, block)) { bytes += extent.end - extent.begin; }
        }
      }
    }
    return bytes;
  }
  /// The position at which a window begins.
  uint64_t first_of(uint64_t window) const {
    Order order(items_->order());
    uint64_t position = 0;
    while (order.shuffle_of(0).window_of(position) < window) { ++position; }
    return position;
  }
  /// Where the blocks of some windows lie, in whole pages, but for the blocks that others hold too.
  std::vector<Forgotten> ranges_of(const std::vector<uint64_t>& windows, const std::vector<uint64_t>& but) const {
    Order order(items_->order());
    const auto blocks_of = [&order](const std::vector<uint64_t>& of) {
      std::set<uint64_t> blocks;
      for (const uint64_t window : of) {
        for (const uint64_t block : order.shuffle_of(0).blocks_of(window)) { blocks.insert(block); }
      }
      return blocks;
    };
    const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
    const std::set<uint64_t> needed = blocks_of(but);
    std::vector<Forgotten> ranges;
    for (const uint64_t block : blocks_of(windows)) {
      if (!needed.contains(block)) {
        for (const auto& extent : items_->extents_of(0, block)) {
          ranges.push_back(
              {dataset_->name(extent.shard), extent.begin / page * page, (extent.end + page - 1) / page * page});
        }
      }
    }
    return ranges;
  }
  /// Waits until it is so, or 20 s; and a little longer, in which no more should happen.
  static void settle(const std::function<bool()>& so) {
    for (int i = 0; i < 2000 && !so(); ++i) { std::this_thread::sleep_for(std::chrono::milliseconds(10)); }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  /// What the stagers have read together once that is `wanted`.
  static uint64_t read_by(const std::vector<std::unique_ptr<WindowStager>>& stagers, uint64_t wanted) {
    const auto read = [&stagers] {
      uint64_t bytes = 0;
      for (const auto& stager : stagers) { bytes += stager->bytes_read(); }
      return bytes;
    };
    settle([&] { return read() >= wanted; });
    return read();
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
  for (int rank = 0; rank < 3; ++rank) { stagers.push_back(std::make_unique<WindowStager>(dataset_, items_, rank, 3)); }
  for (const auto& stager : stagers) { stager->reach(0); }
  EXPECT_EQ(read_by(stagers, bytes_of_windows(0, 1)), bytes_of_windows(0, 1));
  for (const auto& stager : stagers) { EXPECT_GT(stager->bytes_read(), 0U); }
}

TEST_F(WindowStagerTest, GivesBackWindowsThatAreOverButNotWhatALaterOneHoldsToo) {
  struct Step {
    uint64_t now;
    std::vector<uint64_t> over, kept;  // the window before is kept; of an epoch's windows, 4 is the last
  };
  const std::vector<Step> steps = {{0, {}, {0, 1}}, {2, {0}, {1, 2, 3}}, {4, {1, 2}, {3, 4, 5}}, {5, {3}, {4, 5, 6}}};
  std::mutex lock;
  std::multiset<Forgotten> given_back, expected;
  on_forget() = [&](const Forgotten& range) {
    const std::lock_guard hold(lock);
    given_back.insert(range);
  };
  {
    WindowStager stager(dataset_, items_, 0, 1);
    for (const Step& step : steps) {
      stager.reach(first_of(step.now));
      for (Forgotten& range : ranges_of(step.over, step.kept)) { expected.insert(std::move(range)); }
      settle([&] {
        const std::lock_guard hold(lock);
        return given_back.size() >= expected.size();
      });
      const std::lock_guard hold(lock);
      EXPECT_EQ(given_back, expected) << "in window " << step.now;
    }
  }
  on_forget() = nullptr;
  EXPECT_GE(expected.size(), 10U);  // window 0 whole: pixels and landmarks of five videos
  EXPECT_LT(expected.size(), 40U);  // of windows 0 to 3, some videos are drawn again early in the next epoch
}

TEST_F(WindowStagerTest, KeepsWhatOtherClassesAreReading) {
  // Videos of several pages each, so that a class's bytes can be told from those beside them; three to a block, with
  // other classes' between.
  const TemporaryFolder folder;
  samples::write_dataset(folder.path(), {.shards = 2, .videos_per_shard = 24, .size = 96});
  const std::shared_ptr<const Dataset> dataset = Dataset::open(folder.path().string(), {"all"}, *group_);
  const uint64_t three_videos = dataset->table(0)->offset[4] * 5 / 2;
  const auto items = std::make_shared<const Items>(
      *dataset,
      ItemsConfig{
          .balance = "label", .seed = 2, .windowed = true, .block_bytes = three_videos, .blocks_per_window = 6});
  const size_t classes = items->order().classes.size();
  ASSERT_GT(classes, 1U);
  std::mutex lock;
  std::vector<Forgotten> given_back;
  on_forget() = [&](const Forgotten& range) {
    const std::lock_guard hold(lock);
    given_back.push_back(range);
  };
  Order order(items->order());
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  {
    WindowStager stager(dataset, items, 0, 1);
    stager.reach(0);
    // Windows that are overtaken before they are read are not given back either.
    settle([&] { return stager.bytes_read() >= bytes_of_windows(*items, 0, 1); });
    stager.reach(items->size());
    settle([&] {
      const std::lock_guard hold(lock);
      return !given_back.empty();
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  on_forget() = nullptr;
  EXPECT_FALSE(given_back.empty());
  for (size_t number = 0; number < classes; ++number) {
    const uint64_t now = order.shuffle_of(number).window_of(order.drawn_before(number, items->size()));
    for (const uint64_t window : {now, now + 1}) {
      for (const uint64_t block : order.shuffle_of(number).blocks_of(window)) {
        for (const FileRange& extent : items->extents_of(number, block)) {
          for (const Forgotten& range : given_back) {  // whose ends are those of whole pages
            EXPECT_FALSE(range.file == dataset->name(extent.shard) && extent.end > range.begin + page &&
                         extent.begin + page < range.end)
                << extent.begin << " to " << extent.end << " of class " << number;
          }
        }
      }
    }
  }
}

TEST_F(WindowStagerTest, AShardThatWasCutShortDoesNotEndTheReadingAhead) {
  std::filesystem::resize_file(folder_.path() / "train-2.h5", 100);
  std::vector<std::unique_ptr<WindowStager>> stagers;
  stagers.push_back(std::make_unique<WindowStager>(dataset_, items_, 0, 1));
  stagers[0]->reach(0);
  uint64_t there = 0;  // of the first two windows
  Order order(items_->order());
  for (const uint64_t window : {0U, 1U}) {
    for (const uint64_t block : order.shuffle_of(0).blocks_of(window)) {
      for (const auto& extent : items_->extents_of(0, block)) {
        there += dataset_->name(extent.shard) == "train-2.h5" ? 0 : extent.end - extent.begin;
      }
    }
  }
  EXPECT_LT(there, bytes_of_windows(0, 1));
  EXPECT_EQ(read_by(stagers, there), there);
}

TEST_F(WindowStagerTest, WindowsThatTrainingHasOvertakenAreNotRead) {
  std::vector<std::unique_ptr<WindowStager>> stagers;
  stagers.push_back(std::make_unique<WindowStager>(dataset_, items_, 0, 1));
  for (uint64_t epoch = 0; epoch < 200; ++epoch) { stagers[0]->reach(epoch * items_->size()); }
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
