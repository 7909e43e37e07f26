#include "data/order/items.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "base/error.h"
#include "data/shards/writer.h"
#include "distributed/self_communicator.h"
#include "tests/data/shards/samples.h"

namespace realface::data {
namespace {
using testing::ElementsAre;
using testing::HasSubstr;

/// Two shards of three videos of four frames; odd videos are fake.
class ItemsTest : public testing::Test {
 protected:
  void SetUp() override {
    samples::write_dataset(folder_.path(), {.frames = 4});
    dataset_ = Dataset::open(folder_.path().string(), {"all"}, *group_);
  }
  Items items(const ItemsConfig& config) const { return {*dataset_, config}; }
  static std::vector<uint64_t> frames(const Items& items, uint64_t item, uint64_t epoch = 0) {
    std::vector<uint64_t> numbers(static_cast<size_t>(items.frames()));
    items.frames_of({.position = item, .epoch = epoch, .item = item}, numbers.data());
    return numbers;
  }
  static std::vector<uint64_t> all(const Items& items) {
    std::vector<uint64_t> numbers;
    for (uint64_t item = 0; item < items.size(); ++item) {
      for (const uint64_t number : frames(items, item)) { numbers.push_back(number); }
    }
    return numbers;
  }

  TemporaryFolder folder_;
  std::unique_ptr<distributed::Communicator> group_ = distributed::make_self_communicator();
  std::shared_ptr<const Dataset> dataset_;
};

TEST_F(ItemsTest, FramesAreSelectedByTheirOwnLabel) {
  EXPECT_THAT(all(items({.label = "real"})), ElementsAre(0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19));
  EXPECT_EQ(items({.split = "all", .label = "fake"}).size(), 12U);
  EXPECT_EQ(items({.label = "any"}).size(), 24U);
}

TEST_F(ItemsTest, SaysWhatItCannotDo) {
  EXPECT_THROW(items({.split = "val"}), DataError);
  EXPECT_THROW(items({.label = "true"}), ConfigError);
  EXPECT_THROW(items({.unit = "scene"}), ConfigError);
  EXPECT_THROW(items({.balance = "even"}), ConfigError);
  EXPECT_THROW(items({.unit = "clip", .frames = 0}), ConfigError);
  try {
    items({.unit = "clip", .frames = 5});
    FAIL();
  } catch (const DataError& error) { EXPECT_THAT(error.what(), HasSubstr("6 videos are too short")); }
}

TEST_F(ItemsTest, AVideoShowsEachOfItsFramesInSomeEpoch) {
  const Items videos = items({.label = "real", .unit = "video", .seed = 3});
  ASSERT_EQ(videos.size(), 3U);
  for (uint64_t item = 0; item < 3; ++item) {
    std::set<uint64_t> seen;
    for (uint64_t epoch = 0; epoch < 60; ++epoch) {
      const uint64_t number = frames(videos, item, epoch).front();
      seen.insert(number);
    }
    EXPECT_EQ(seen, (std::set<uint64_t>{8 * item, 8 * item + 1, 8 * item + 2, 8 * item + 3}));
  }
}

TEST_F(ItemsTest, ClipsAreConsecutiveFramesOfOneVideo) {
  const Items clips = items({.unit = "clip", .frames = 2, .stride = 2, .seed = 1});
  ASSERT_EQ(clips.size(), 6U);
  std::set<uint64_t> starts;
  for (uint64_t epoch = 0; epoch < 40; ++epoch) {
    const auto numbers = frames(clips, 2, epoch);
    EXPECT_EQ(numbers[1], numbers[0] + 2);
    starts.insert(numbers[0]);
  }
  EXPECT_EQ(starts, (std::set<uint64_t>{8, 9}));
}

TEST_F(ItemsTest, AsManyClipsAsCoverAVideo) {
  const Items clips = items({.unit = "clip", .frames = 3, .views = 0, .shuffled = false});
  EXPECT_EQ(clips.size(), 12U);  // two of each of six videos
  EXPECT_THAT(frames(clips, 2), ElementsAre(4, 5, 6));
  EXPECT_THAT(frames(clips, 3), ElementsAre(5, 6, 7));
  EXPECT_THROW(items({.unit = "clip", .frames = 3, .views = 0}), ConfigError);
  EXPECT_THROW(items({.unit = "video", .views = 0, .shuffled = false}), ConfigError);
}

TEST_F(ItemsTest, VideosShorterThanWantedAreLeftOut) {
  EXPECT_EQ(items({.unit = "video", .shortest = 4}).size(), 6U);
  try {
    items({.unit = "video", .shortest = 5});
    FAIL();
  } catch (const DataError& error) { EXPECT_THAT(error.what(), HasSubstr("6 videos are too short")); }
}

TEST_F(ItemsTest, SegmentsAreOneFrameOfEachPartOfAVideo) {
  const Items segments = items({.label = "real", .unit = "segments", .frames = 2, .seed = 1});
  ASSERT_EQ(segments.size(), 3U);
  std::set<std::vector<uint64_t>> seen;
  for (uint64_t epoch = 0; epoch < 60; ++epoch) { seen.insert(frames(segments, 1, epoch)); }
  EXPECT_EQ(seen, (std::set<std::vector<uint64_t>>{{8, 10}, {8, 11}, {9, 10}, {9, 11}}));
  const Items middle = items({.label = "real", .unit = "segments", .frames = 2, .shuffled = false});
  EXPECT_THAT(all(middle), ElementsAre(0, 2, 8, 10, 16, 18));
  const Items ends = items({.label = "real", .unit = "segments", .frames = 1, .views = 2, .shuffled = false});
  EXPECT_THAT(all(ends), ElementsAre(0, 3, 8, 11, 16, 19));
}

TEST_F(ItemsTest, AVideoOfFewerFramesThanSegmentsRepeatsThem) {
  const Items segments = items({.label = "real", .unit = "segments", .frames = 6, .shuffled = false});
  EXPECT_THAT(frames(segments, 0, 0), ElementsAre(0, 0, 1, 2, 2, 3));
}

TEST_F(ItemsTest, ViewsOfAnEvaluationAreSpreadEvenly) {
  const Items two = items({.label = "real", .unit = "video", .views = 2, .shuffled = false});
  EXPECT_THAT(all(two), ElementsAre(0, 3, 8, 11, 16, 19));
  const Items middle = items({.label = "real", .unit = "clip", .frames = 2, .shuffled = false});
  EXPECT_THAT(all(middle), ElementsAre(1, 2, 9, 10, 17, 18));
}

TEST_F(ItemsTest, BalancedClassesAreRealAndEachManipulation) {
  const Items balanced = items({.balance = "label"});
  ASSERT_EQ(balanced.order().groups.size(), 2U);
  EXPECT_EQ(balanced.class_names()[balanced.order().groups[0].front()], "real");
  EXPECT_EQ(balanced.size(), 24U);
  auto numbers = all(balanced);
  std::ranges::sort(numbers);
  for (uint64_t i = 0; i < 24; ++i) { EXPECT_EQ(numbers[i], i); }
  const Items fakes = items({.label = "fake", .balance = "label"});
  EXPECT_EQ(fakes.order().groups.size(), 1U);
}

TEST_F(ItemsTest, ASubstituteIsOfTheSameClass) {
  const Items balanced = items({.balance = "label", .seed = 2});
  for (uint64_t item = 0; item < 24; ++item) {
    std::set<uint64_t> others;
    for (uint64_t attempt = 0; attempt < 20; ++attempt) {
      const uint64_t other = balanced.substitute({.position = 5, .item = item}, attempt);
      EXPECT_EQ(frames(balanced, item).front() / 4 % 2, frames(balanced, other).front() / 4 % 2);
      others.insert(other);
    }
    EXPECT_GT(others.size(), 1U);
  }
}

TEST_F(ItemsTest, BlocksAreWholeVideosOfOneShardAndHoldTheirItems) {
  const uint64_t video_bytes = dataset_->table(0)->offset[4];
  const Items windowed = items({.windowed = true, .block_bytes = video_bytes * 3 / 2, .blocks_per_window = 2});
  const ItemClass& one = windowed.order().classes.front();
  ASSERT_TRUE(one.blocks);
  EXPECT_THAT(one.blocks->first, ElementsAre(0, 8, 12, 20, 24));
  for (uint64_t block = 0; block < one.blocks->count(); ++block) {
    const std::vector<FileRange> extents = windowed.extents_of(0, block);
    ASSERT_EQ(extents.size(), 2U);
    const FileRange &bytes = extents[0], &landmarks = extents[1];
    for (uint64_t item = one.blocks->first[block]; item < one.blocks->first[block + 1]; ++item) {
      const auto place = dataset_->find(frames(windowed, item).front());
      const ShardTable& table = *dataset_->table(place.shard);
      EXPECT_EQ(place.shard, bytes.shard);
      EXPECT_GE(table.blob_at() + table.offset[place.frame], bytes.begin);
      EXPECT_LE(table.blob_at() + table.offset[place.frame + 1], bytes.end);
      EXPECT_EQ(place.shard, landmarks.shard);
      EXPECT_GE(table.landmarks_at(place.frame), landmarks.begin);
      EXPECT_LE(table.landmarks_at(place.frame + 1), landmarks.end);
    }
  }
}

/// A fake video of six frames, as `change` makes it.
std::shared_ptr<const Dataset> one_video(const TemporaryFolder& folder,
                                         const std::function<void(VideoRecord&)>& change) {
  const ShardHeader header = samples::header(32);
  VideoRecord video = samples::video(1, 6, header);
  change(video);
  ShardTotals totals;
  totals.count(video);
  ShardWriter writer(folder.path() / "train-0.h5", header, totals);
  writer.add(video);
  Manifest manifest;
  manifest.codec = header.codec;
  manifest.height = manifest.width = 32;
  manifest.names = header.names;
  manifest.shards.push_back(writer.seal());
  manifest.save(folder.path());
  const auto self = distributed::make_self_communicator();
  return Dataset::open(folder.path().string(), {"all"}, *self);
}

/// One fake video of six frames whose frames 0, 1 and 5 are real, and whose frame 2 is of unknown kind.
TEST(MixedLabels, FramesGoByTheirOwnLabelAndAVideoShowsItsLongestRun) {
  const TemporaryFolder folder;
  const auto dataset = one_video(folder, [](VideoRecord& video) {
    for (const size_t real : {0U, 1U, 5U}) { video.frames[real].label = 0; }
    video.frames[2].label = -1;
  });

  const auto frames = [&](const ItemsConfig& config, uint64_t epoch) {
    const Items items(*dataset, config);
    std::set<uint64_t> numbers;
    for (uint64_t item = 0; item < items.size(); ++item) {
      uint64_t number = 0;
      items.frames_of({.position = item, .epoch = epoch, .item = item}, &number);
      numbers.insert(number);
    }
    return numbers;
  };
  EXPECT_EQ(frames({.label = "real"}, 0), (std::set<uint64_t>{0, 1, 5}));
  EXPECT_EQ(frames({.label = "fake"}, 0), (std::set<uint64_t>{3, 4}));
  EXPECT_EQ(frames({.balance = "label"}, 0), (std::set<uint64_t>{0, 1, 3, 4, 5}));
  EXPECT_EQ(Items(*dataset, {.balance = "label"}).unlabelled(), 1);
  EXPECT_THROW(frames({.label = "real", .unit = "video"}, 0), DataError);
  for (uint64_t epoch = 0; epoch < 20; ++epoch) {
    for (const uint64_t number : frames({.label = "fake", .unit = "video"}, epoch)) {
      EXPECT_TRUE(number == 3 || number == 4) << number;
    }
  }

  const Items clips(*dataset, {.label = "fake", .unit = "clip", .frames = 2});
  std::array<uint64_t, 2> clip{};
  clips.frames_of({.item = 0}, clip.data());
  EXPECT_THAT(clip, ElementsAre(3, 4));
  EXPECT_THROW(Items(*dataset, {.label = "fake", .unit = "clip", .frames = 3}), DataError);  // it has real frames too
}

TEST(MixedLabels, AFakeOfWhichOnlyRealFramesAreStoredIsNoFake) {
  const TemporaryFolder folder;
  const auto dataset = one_video(folder, [](VideoRecord& video) {
    for (FrameRecord& frame : video.frames) { frame.label = 0; }
  });
  EXPECT_EQ(Items(*dataset, {.label = "real"}).size(), 6U);
  for (const std::string unit : {"video", "clip"}) {
    EXPECT_THROW(Items(*dataset, {.label = "fake", .unit = unit}), DataError) << unit;
  }
}

TEST(MixedLabels, ABalanceWantsBothSides) {
  const TemporaryFolder folder;
  const auto dataset = one_video(folder, [](VideoRecord&) {});
  EXPECT_THROW(Items(*dataset, {.balance = "label"}), DataError);
  EXPECT_EQ(Items(*dataset, {.label = "fake", .balance = "label"}).size(), 6U);
  EXPECT_EQ(Items(*dataset, {.balance = "label", .shuffled = false}).size(), 6U);
}

}  // namespace
}  // namespace realface::data
