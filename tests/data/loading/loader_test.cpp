#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/atomic_file.h"
#include "base/counter_rng.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/telemetry.h"
#include "data/faces/landmarks.h"
#include "data/loading/batch_ring.h"
#include "data/shards/dataset.h"
#include "data/shards/reader.h"
#include "distributed/self_communicator.h"
#include "tests/data/loading/kernel_advice.h"
#include "tests/data/shards/samples.h"

namespace realface::data {
namespace {
using testing::HasSubstr;

constexpr int kSize = 32, kFrames = 4;

struct Loaded {
  std::vector<uint8_t> image = std::vector<uint8_t>(kSize * kSize * 3);
  std::array<float, 136> landmarks{};
  std::vector<uint8_t> mask = std::vector<uint8_t>(4);
  SampleFacts facts;
};

std::string digest(const std::vector<uint8_t>& picture) {
  Sha256 sum;
  sum.update(picture.data(), picture.size());
  return hex(sum.finish());
}

/// A dataset of 24 frames in two shards: video = number / 4, frame = number % 4.
class Loader : public testing::Test {
 protected:
  void SetUp() override { samples::write_dataset(folder_.path(), {.frames = kFrames, .size = kSize}); }

  std::shared_ptr<const Dataset> open(const std::string& split = "train") {
    return Dataset::open(folder_.path().string(), {split}, *group_);
  }
  FrameReader& reader(const FrameReaderConfig& config = {}, ItemsConfig items = {}) {
    const auto dataset = open();
    items.seed = config.seed;
    readers_.push_back(std::make_unique<FrameReader>(dataset, std::make_shared<const Items>(*dataset, items), config));
    return *readers_.back();
  }
  static Loaded load(FrameReader& from, const Draw& draw) {
    Loaded loaded;
    loaded.facts = from.read(
        draw, {.images = loaded.image.data(), .landmarks = loaded.landmarks.data(), .mask = loaded.mask.data()});
    return loaded;
  }
  /// Damages the stored pixels of one frame.
  void damage(int shard, size_t frame) {
    const Shard facts = open_shard(folder_.path() / ("train-" + std::to_string(shard) + ".h5"));
    samples::flip_byte(facts.path, static_cast<int64_t>(facts.blob_at + facts.index.frame_offset[frame] + 50));
  }

  TemporaryFolder folder_;
  std::unique_ptr<distributed::Communicator> group_ = distributed::make_self_communicator();
  std::vector<std::unique_ptr<FrameReader>> readers_;
};

RingConfig ring_config(int64_t share, int workers = 2, int slots = 3) {
  return {.share = share,
          .height = kSize,
          .width = kSize,
          .patches = 4,
          .pinned = false,
          .workers = workers,
          .slots = slots};
}

TEST_F(Loader, GivesEachFrameByItsNumberInTheWholeDataset) {
  FrameReader& frames = reader();
  ASSERT_EQ(frames.items().size(), 24U);
  for (uint64_t item = 0; item < 24; ++item) {
    const Loaded loaded = load(frames, {.position = item, .item = item});
    const int video = static_cast<int>(item) / kFrames, frame = static_cast<int>(item) % kFrames;
    EXPECT_EQ(loaded.facts.number, item);
    EXPECT_EQ(loaded.facts.label, video % 2);
    EXPECT_EQ(loaded.image, samples::picture(video, frame, kSize));
    EXPECT_EQ(loaded.landmarks, samples::landmarks(video, frame, kSize));
    EXPECT_EQ(loaded.facts.masked, std::count(loaded.mask.begin(), loaded.mask.end(), 1));
  }
}

TEST_F(Loader, FlipsPictureAndLandmarksTogetherByTheKeyOfTheSample) {
  FrameReader& frames = reader({.augment = {.flip = true}, .seed = 5});
  int flips = 0;
  for (uint64_t epoch = 0; epoch < 20; ++epoch) {
    for (uint64_t item = 0; item < 24; ++item) {
      const Loaded loaded = load(frames, {.epoch = epoch, .item = item});
      const int video = static_cast<int>(item) / kFrames, frame = static_cast<int>(item) % kFrames;
      auto picture = samples::picture(video, frame, kSize);
      auto points = samples::landmarks(video, frame, kSize);
      if (loaded.image != picture) {
        ++flips;
        mirror(picture.data(), kSize, kSize);
        flip_landmarks(points, kSize);
      }
      EXPECT_EQ(loaded.image, picture);
      EXPECT_EQ(loaded.landmarks, points);
      EXPECT_EQ(load(frames, {.epoch = epoch, .item = item}).image, loaded.image);
    }
  }
  EXPECT_NEAR(flips, 240, 5 * std::sqrt(120.0));
}

TEST_F(Loader, DamagedFrameIsReplacedByTheSameOneEverywhereAndCounted) {
  damage(0, 5);
  const FrameReaderConfig config{.seed = 3, .max_bad_share = 0.5};
  FrameReader &one = reader(config), &two = reader(config);
  const double before = telemetry::counter("data_errors_total").value();
  const Loaded first = load(one, {.position = 77, .item = 5});
  EXPECT_NE(first.facts.number, 5U);
  EXPECT_EQ(telemetry::counter("data_errors_total").value(), before + 1);
  const auto number = static_cast<int>(first.facts.number);
  EXPECT_EQ(first.image, samples::picture(number / kFrames, number % kFrames, kSize));
  EXPECT_EQ(first.facts.label, number / kFrames % 2);
  EXPECT_EQ(load(two, {.position = 77, .item = 5}).facts.number, first.facts.number);
}

TEST_F(Loader, WhatIsWholeOnTheDiskIsReadAgain) {
  FrameReader& frames = reader({.max_bad_share = 0});
  const double before = telemetry::counter("data_errors_total").value();
  damage(0, 5);
  on_forget() = [&](const Forgotten&) { damage(0, 5); };  // flips the byte back: only the kernel's copy was damaged
  const Loaded loaded = load(frames, {.item = 5});
  on_forget() = nullptr;
  EXPECT_EQ(loaded.facts.number, 5U);
  EXPECT_FALSE(loaded.facts.substituted);
  EXPECT_EQ(loaded.image, samples::picture(1, 1, kSize));
  EXPECT_EQ(telemetry::counter("data_errors_total").value(), before);
}

TEST_F(Loader, DamagedLandmarksCountAsADamagedFrame) {
  const Shard facts = open_shard(folder_.path() / "train-1.h5");
  FrameReader& frames = reader({.seed = 3, .max_bad_share = 0.5});  // opened while all was well
  samples::flip_byte(facts.path, static_cast<int64_t>(facts.landmarks_at + 3 * 544 + 7));
  EXPECT_NE(load(frames, {.position = 1, .item = 15}).facts.number, 15U);
  EXPECT_EQ(load(frames, {.position = 2, .item = 14}).facts.number, 14U);
}

TEST_F(Loader, AClipIsReplacedWholeAndItsLandmarksAreTheMedian) {
  damage(0, 5);
  FrameReader& frames = reader({.seed = 3, .max_bad_share = 0.5}, {.unit = "clip", .frames = 3});
  std::vector<uint8_t> images(3 * kSize * kSize * 3);
  std::array<float, 136> landmarks{};
  int replaced = 0;
  for (uint64_t position = 0; position < 60; ++position) {
    const Draw draw{.position = position, .epoch = position / 6, .item = position % 6};
    const SampleFacts facts = frames.read(draw, {.images = images.data(), .landmarks = landmarks.data()});
    const auto video = static_cast<int>(facts.number / kFrames), first = static_cast<int>(facts.number % kFrames);
    EXPECT_EQ(facts.label, video % 2);
    replaced += static_cast<uint64_t>(video) != position % 6 ? 1 : 0;
    std::array<std::array<float, 136>, 3> each;
    for (int t = 0; t < 3; ++t) {
      const auto picture = samples::picture(video, first + t, kSize);
      EXPECT_TRUE(std::equal(picture.begin(), picture.end(), images.begin() + t * kSize * kSize * 3));
      each[static_cast<size_t>(t)] = samples::landmarks(video, first + t, kSize);
    }
    for (size_t i = 0; i < 136; ++i) {
      std::array<float, 3> values{each[0][i], each[1][i], each[2][i]};
      std::ranges::sort(values);
      EXPECT_EQ(landmarks[i], values[1]);
    }
  }
  EXPECT_EQ(replaced, 10);
}

TEST_F(Loader, ReadsNeighboursTogetherAndEachFrameOnce) {
  FrameReader& frames = reader({}, {.shuffled = false});
  std::vector<Draw> draws;
  for (const uint64_t item : {13, 2, 12, 1, 20, 0, 2}) { draws.push_back({.item = item}); }
  const ReadPlan plan = frames.plan(draws);
  ASSERT_EQ(plan.group_count(), 2U);  // one a shard: the gaps are small
  std::vector<uint64_t> numbers;
  for (const Piece& piece : plan.pieces) {
    numbers.push_back(piece.number);
    EXPECT_EQ(draws[piece.row].item, piece.number);
  }
  EXPECT_EQ(numbers, (std::vector<uint64_t>{0, 1, 2, 2, 12, 13, 20}));
}

TEST_F(Loader, AClassWithoutAWholeSampleEndsTheRunInsteadOfSearchingForEver) {
  for (size_t frame = 0; frame < 12; ++frame) { damage(1, frame); }
  FrameReader& frames = reader({.seed = 3, .max_bad_share = 1}, {.balance = "domain"});
  EXPECT_NE(load(frames, {.position = 1, .item = 14}).facts.number, 14U);  // the other shard has some
  for (size_t frame = 0; frame < 12; ++frame) { damage(0, frame); }
  EXPECT_THROW(load(frames, {.position = 1, .item = 14}), DataError);
}

TEST_F(Loader, ASubstituteIsSaidToBeOne) {
  damage(0, 5);
  FrameReader& frames = reader({.seed = 3, .max_bad_share = 0.5}, {.shuffled = false});
  EXPECT_FALSE(load(frames, {.position = 4, .item = 4}).facts.substituted);
  EXPECT_TRUE(load(frames, {.position = 5, .item = 5}).facts.substituted);
  BatchRing ring(ring_config(8, 2, 2), frames, {8, 1, 0}, 0, 1);
  const RingSlot& slot = ring.wait(0);
  for (int64_t row = 0; row < 8; ++row) { EXPECT_EQ(slot.weights[row].item<float>(), row == 5 ? 0.0F : 1.0F); }
}

TEST_F(Loader, TooManyDamagedFramesEndTheRunWithTheirNames) {
  damage(1, 2);
  FrameReader& frames = reader();
  try {
    load(frames, {.item = 14});
    FAIL();
  } catch (const DataError& error) {
    EXPECT_THAT(error.what(), HasSubstr("[train-1.h5] frame 2"));
    EXPECT_THAT(error.what(), HasSubstr("1 frames of a stream of 24 are damaged"));
  }
}

TEST_F(Loader, RefusesAShardWithADamagedIndexOrAnotherSize) {
  const Shard shard = open_shard(folder_.path() / "train-1.h5");
  const std::string bytes = read_file(shard.path);
  const std::string column(reinterpret_cast<const char*>(shard.index.crc32c.data()), shard.index.crc32c.size() * 4);
  const auto at = static_cast<int64_t>(bytes.find(column));
  ASSERT_GT(at, 0);
  samples::flip_byte(shard.path, at);
  try {
    open();
    FAIL();
  } catch (const Error& error) { EXPECT_THAT(error.what(), HasSubstr("/frames/crc32c is damaged")); }
  samples::flip_byte(shard.path, at);
  EXPECT_EQ(open()->manifest().frames(), 24);
  std::filesystem::resize_file(shard.path, static_cast<uint64_t>(shard.bytes - 1));
  EXPECT_THROW(open(), Error);
  std::filesystem::remove(shard.path);
  EXPECT_THROW(open(), Error);
}

TEST_F(Loader, SixteenThreadsForTenSecondsReadWhatWasStored) {
  FrameReader& frames = reader();
  std::vector<std::string> digests;  // of the pictures that were given to the writer
  for (int item = 0; item < 24; ++item) {
    digests.push_back(digest(samples::picture(item / kFrames, item % kFrames, kSize)));
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  std::atomic<int64_t> wrong{0}, read{0};
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      CounterRng rng(t, CounterRng::Purpose::test, {});
      for (; std::chrono::steady_clock::now() < end; ++read) {
        const uint64_t item = rng.below(24);
        wrong += digest(load(frames, {.item = item}).image) != digests[item];
      }
    });
  }
  for (std::thread& thread : threads) { thread.join(); }
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(read, 10'000);
}

std::vector<int64_t> numbers_of(BatchRing& ring, int64_t steps) {
  std::vector<int64_t> numbers;
  for (int64_t step = 0; step < steps; ++step) {
    ring.release_before(step);
    const RingSlot& slot = ring.wait(step);
    numbers.insert(numbers.end(), slot.samples.begin(), slot.samples.end());
  }
  return numbers;
}

TEST_F(Loader, RingHandsOutTheOrderWhateverTheNumberOfThreads) {
  FrameReader& frames = reader();
  const Dealing dealing{6, 2, 1};
  BatchRing one(ring_config(3, 1, 2), frames, dealing, 0, -1);
  BatchRing many(ring_config(3, 5, 4), frames, dealing, 0, -1);
  const auto expected = numbers_of(one, 30);
  EXPECT_EQ(numbers_of(many, 30), expected);
  Order places(frames.items().order());
  for (uint64_t j = 0; j < expected.size(); ++j) {
    EXPECT_EQ(expected[j], static_cast<int64_t>(places.at(2 * j + 1).item)) << j;
  }
}

TEST_F(Loader, RingKeepsWhatSomebodyStillHolds) {
  FrameReader& frames = reader({}, {.shuffled = false});
  BatchRing ring(ring_config(4, 2, 2), frames, {4, 1, 0}, 0, 6);
  std::vector<torch::Tensor> kept;
  std::set<const void*> memory;
  for (int64_t step = 0; step < 6; ++step) {
    ring.release_before(step);
    kept.push_back(ring.wait(step).images.narrow(0, 1, 2));
    memory.insert(kept.back().const_data_ptr());
  }
  EXPECT_EQ(memory.size(), 6U);
  for (int step = 0; step < 6; ++step) {
    const int number = 4 * step + 1;
    const auto picture = samples::picture(number / kFrames, number % kFrames, kSize);
    EXPECT_TRUE(std::equal(picture.begin(), picture.end(), kept[static_cast<size_t>(step)].const_data_ptr<uint8_t>()));
  }
}

TEST_F(Loader, RingUsesItsMemoryAgain) {
  FrameReader& frames = reader();
  BatchRing ring(ring_config(4, 2, 3), frames, {4, 1, 0}, 0, -1);
  std::set<const void*> memory;
  for (int64_t step = 0; step < 20; ++step) {
    ring.release_before(step);
    memory.insert(ring.wait(step).images.const_data_ptr());
  }
  EXPECT_EQ(memory.size(), 3U);
}

TEST_F(Loader, RingRethrowsWhatAWorkerThrew) {
  damage(0, 7);
  FrameReader& frames = reader({}, {.shuffled = false});
  BatchRing ring(ring_config(4), frames, {4, 1, 0}, 0, 6);
  EXPECT_EQ(ring.wait(0).samples, (std::vector<int64_t>{0, 1, 2, 3}));
  EXPECT_THROW(ring.wait(1), DataError);
  EXPECT_THROW(ring.wait(2), DataError);
}

}  // namespace
}  // namespace realface::data
