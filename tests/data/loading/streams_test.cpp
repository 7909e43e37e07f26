#include "data/streams.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/shards/dataset.h"
#include "data/shards/reader.h"
#include "distributed/agreement.h"
#include "tests/data/loading/streams_fixture.h"

namespace realface::data {
namespace {
using ::testing::HasSubstr;

/// This rank's samples that count; the masks of all ranks' are those that the step states.
int64_t weigh(const Step& step) {
  int64_t weight = 0, masked = 0;
  for (const Batch& batch : step.streams.at("faces")) {
    for (int64_t row = 0; row < batch.size(); ++row) {
      if (batch.weights[row].item<float>() > 0) {
        ++weight;
        masked += batch.mask[row].sum().item<int64_t>();
      }
    }
  }
  EXPECT_EQ(step.masked.at("faces"), summed(masked));
  return weight;
}

/// Two epochs of 48 frames, each frame once in each.
void check_epochs(Streams& streams) {
  EXPECT_EQ(streams.samples(), 48);
  EXPECT_EQ(streams.steps_per_epoch(), 4);
  for (int epoch = 0; epoch < 2; ++epoch) {
    std::vector<int64_t> all;
    for (int64_t i = 0; i < 4; ++i) {
      const auto step = streams.next();
      ASSERT_TRUE(step);
      EXPECT_EQ(step->index, 4 * epoch + i);
      EXPECT_EQ(step->streams.at("faces").size(), 2U);
      for (const int64_t number : numbers(*step)) { all.push_back(number); }
    }
    std::sort(all.begin(), all.end());
    for (int64_t i = 0; i < 48; ++i) { EXPECT_EQ(all[static_cast<size_t>(i)], i); }
  }
}

TEST_F(StreamsTest, EveryEpochHoldsEverySampleOnceInBothModes) {
  needs_.accumulate = 2;
  for (const char* order : {"global", "window"}) {
    config_.order = order;
    config_.window_blocks = 1;
    check_epochs(*open());
  }
}

TEST_F(StreamsTest, ARunThatBeganInOneOrderDoesNotGoOnInAnother) {
  const auto values = open()->parts().front()->values();
  config_.order = "window";
  EXPECT_THAT(message_of([&] { open()->parts().front()->restore(values); }), HasSubstr("was stopped with order"));
}

TEST_F(StreamsTest, BalancedBatchesAreHalfRealOverAllRanks) {
  needs_.balance = "label";
  const auto streams = open();
  for (int i = 0; i < 12; ++i) {
    const auto step = streams->next();
    int64_t fakes = 0;
    for (const Batch& batch : step->streams.at("faces")) { fakes += batch.labels.sum().item<int64_t>(); }
    EXPECT_EQ(summed(fakes), 6);
  }
}

TEST_F(StreamsTest, ClipsHoldTheirFramesInTimeOrder) {
  needs_.unit = "clip";
  needs_.frames = 3;
  const auto streams = open();
  EXPECT_EQ(streams->samples(), 12);
  for (int i = 0; i < 4; ++i) {
    const auto step = streams->next();
    const Batch& batch = step->streams.at("faces").front();
    ASSERT_EQ(batch.images.sizes(), (std::vector<int64_t>{12 / world().size(), 3, 64, 64, 3}));
    for (int64_t row = 0; row < batch.size(); ++row) {
      const auto number = static_cast<int>(batch.samples[static_cast<size_t>(row)]);
      EXPECT_EQ(batch.labels[row].item<int64_t>(), number / 4 % 2);
      for (int t = 0; t < 3; ++t) {
        const auto picture = samples::picture(number / 4, number % 4 + t, 64);
        const auto image = batch.images[row][t];
        EXPECT_TRUE(std::equal(picture.begin(), picture.end(), image.const_data_ptr<uint8_t>()));
      }
    }
  }
}

TEST_F(StreamsTest, SelfBlendedFakesCarryTheirMasksAndRealsNone) {
  needs_.label = "real";
  needs_.sbi = 0.5;
  const auto streams = open();
  int64_t fakes = 0, all = 0;
  for (int i = 0; i < 8; ++i) {
    const auto step = streams->next();
    const Batch& batch = step->streams.at("faces").front();
    ASSERT_EQ(batch.tampered.sizes(), (std::vector<int64_t>{12 / world().size(), 64, 64}));
    for (int64_t row = 0; row < batch.size(); ++row) {
      const bool fake = batch.labels[row].item<int64_t>() == 1;
      EXPECT_EQ(batch.tampered[row].sum().item<int64_t>() > 0, fake);
      fakes += fake ? 1 : 0;
      ++all;
    }
  }
  EXPECT_NEAR(static_cast<double>(summed(fakes)), static_cast<double>(summed(all)) / 2, 25.0);
  needs_.unit = "clip";
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("[data.sbi]"));
}

/// The mask that samples.cpp gives to a frame, mirrored or not; zeros of a real one.
torch::Tensor truth_of(int64_t number, bool mirrored) {
  const int64_t video = number / 4, frame = number % 4;
  auto mask = at::arange(64 * 64).remainder(5).eq(frame % 5).to(torch::kUInt8).reshape({64, 64}) * (video % 2);
  return mirrored ? mask.flip(1) : mask;
}

TEST_F(StreamsTest, TheTruthIsTheShardsMaskAndIsMirroredWithItsPicture) {
  needs_.truth = true;
  needs_.augment.flip = true;
  const auto streams = open();
  int64_t mirrored = 0, all = 0;
  for (int i = 0; i < 8; ++i) {
    const auto step = streams->next();
    const Batch& batch = step->streams.at("faces").front();
    for (int64_t row = 0; row < batch.size(); ++row, ++all) {
      const int64_t number = batch.samples[static_cast<size_t>(row)];
      const auto pixels = samples::picture(static_cast<int>(number / 4), static_cast<int>(number % 4), 64);
      const auto picture = batch.images[row].contiguous();
      const bool flipped = !std::equal(pixels.begin(), pixels.end(), picture.const_data_ptr<uint8_t>());
      EXPECT_TRUE(at::equal(batch.tampered[row], truth_of(number, flipped))) << number;
      mirrored += flipped ? 1 : 0;
    }
  }
  EXPECT_GT(summed(mirrored), 0);
  EXPECT_LT(summed(mirrored), summed(all));
}

TEST_F(StreamsTest, AClipHasTheTruthOfEachFrame) {
  needs_.truth = true;
  needs_.unit = "clip";
  needs_.frames = 3;
  const auto step = open()->next();
  const Batch& batch = step->streams.at("faces").front();
  ASSERT_EQ(batch.tampered.sizes(), (std::vector<int64_t>{batch.size(), 3, 64, 64}));
  for (int64_t row = 0; row < batch.size(); ++row) {
    for (int64_t t = 0; t < 3; ++t) {
      const auto number = batch.samples[static_cast<size_t>(row)] + t;
      EXPECT_TRUE(at::equal(batch.tampered[row][t], truth_of(number, false))) << number;
    }
  }
}

TEST_F(StreamsTest, TheTruthIsNotThatOfSelfBlendedFakes) {
  needs_.truth = true;
  needs_.label = "real";
  needs_.sbi = 0.5;
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("[data.truth]"));
}

TEST_F(StreamsTest, AFakeWithoutAMaskIsMarkedAsNotKnown) {
  config_.shards = shards() + "/unmasked";
  if (world().rank() == 0) {
    std::filesystem::create_directory(shards());
    samples::write_dataset(shards(), {.shards = 2, .videos_per_shard = 6, .size = 64, .masks = false});
  }
  world().host_group().barrier()->wait();
  needs_.truth = true;
  const auto step = open()->next();
  for (const Batch& batch : step->streams.at("faces")) {
    for (int64_t row = 0; row < batch.size(); ++row) {
      const auto expected = batch.labels[row].item<int64_t>() == 1 ? kNotKnown : 0;
      EXPECT_TRUE(batch.tampered[row].eq(expected).all().item<bool>());
    }
  }
}

TEST_F(StreamsTest, TheIndexIsOneForAllRanksOfTheNode) {
  const auto dataset =
      Dataset::open(config_.shards, {"all"}, world().host_group(), [](size_t n) { return world().node_block(n); });
  const auto before = dataset->table(0)->label[0];
  world().host_group().barrier()->wait();
  if (world().rank() == 0) { dataset->table(0)->label[0] = 7; }
  world().host_group().barrier()->wait();
  EXPECT_EQ(dataset->table(0)->label[0], 7);
  world().host_group().barrier()->wait();
  if (world().rank() == 0) { dataset->table(0)->label[0] = before; }
}
TEST_F(StreamsTest, BatchesHoldThePixelsAndLabelsOfTheirSamples) {
  const auto streams = open();
  for (int i = 0; i < 6; ++i) {
    const auto step = streams->next();
    const Batch& batch = step->streams.at("faces").front();
    ASSERT_EQ(batch.size(), 12 / world().size());
    for (int64_t row = 0; row < batch.size(); ++row) {
      const auto number = static_cast<int>(batch.samples[static_cast<size_t>(row)]);
      const auto picture = samples::picture(number / 4, number % 4, 64);
      const auto image = batch.images[row];
      EXPECT_TRUE(std::equal(picture.begin(), picture.end(), image.const_data_ptr<uint8_t>()));
      EXPECT_EQ(batch.labels[row].item<int64_t>(), number / 4 % 2);
      EXPECT_EQ(batch.weights[row].item<float>(), 1.0F);
    }
  }
}

TEST_F(StreamsTest, MaskCountsAreThoseOfAllRanks) {
  for (const char* kind : {"random", "roi_part", "part"}) {
    needs_.mask.kind = kind;
    const auto streams = open();
    for (int i = 0; i < 5; ++i) {
      const auto step = streams->next();
      int64_t mine = 0;
      for (const Batch& batch : step->streams.at("faces")) {
        EXPECT_EQ(batch.masked, batch.mask.sum().item<int64_t>());
        EXPECT_EQ(batch.visible_max, 16 - batch.mask.sum(1).min().item<int64_t>());
        mine += batch.masked;
      }
      EXPECT_EQ(step->masked.at("faces"), summed(mine)) << kind;
      EXPECT_EQ(step->streams.at("faces").front().fixed_visible, fixed_mask_count(needs_.mask, 4) > 0);
    }
  }
}

/// Of a stream as it is and as it is after a resume.
class Resumes : public StreamsTest, public ::testing::WithParamInterface<std::tuple<const char*, const char*>> {};
INSTANTIATE_TEST_SUITE_P(InEveryMode, Resumes,
                         ::testing::Combine(::testing::Values("global", "window"), ::testing::Values("none", "label")));

TEST_P(Resumes, WhereTheHandingOutStopped) {
  config_.order = std::get<0>(GetParam());
  config_.window_blocks = 2;
  needs_.balance = std::get<1>(GetParam());
  needs_.mask.kind = "roi_part";
  needs_.augment = {.flip = true, .smallest = 0.8};
  const auto whole = open();
  std::vector<Step> expected;
  for (int i = 0; i < 9; ++i) { expected.push_back(*whole->next()); }
  const auto first = open();
  for (int i = 0; i < 5; ++i) { first->next(); }
  const nlohmann::json saved = first->parts().front()->values();
  EXPECT_EQ(saved["position"], 60);
  const auto second = open();
  second->parts().front()->restore(saved);
  for (size_t i = 5; i < 9; ++i) {
    const auto step = second->next();
    EXPECT_EQ(step->index, static_cast<int64_t>(i));
    const Batch &mine = step->streams.at("faces").front(), &other = expected[i].streams.at("faces").front();
    EXPECT_EQ(mine.samples, other.samples);
    EXPECT_TRUE(at::equal(mine.images, other.images));
    EXPECT_TRUE(at::equal(mine.mask, other.mask));
    EXPECT_TRUE(at::equal(mine.landmarks, other.landmarks));
    EXPECT_EQ(step->masked.at("faces"), expected[i].masked.at("faces"));
  }
}

TEST_F(StreamsTest, RestoreRefusesAnotherDatasetOrSeed) {
  const auto streams = open();
  Part& part = *streams->parts().front();
  EXPECT_EQ(part.part_name(), "data.faces");
  for (const auto& [key, value] : std::map<std::string, nlohmann::json>{{"digest", "0"}, {"samples", 7}, {"seed", 5}}) {
    nlohmann::json values = part.values();
    values[key] = value;
    EXPECT_THAT(message_of([&] { part.restore(values); }), HasSubstr("was stopped with " + key));
  }
}

TEST_F(StreamsTest, OnceThroughIsInOrderAndPadsOnEveryRank) {
  needs_.endless = false;
  needs_.batch = 18;
  needs_.mask.kind = "random";
  const auto streams = open();
  int64_t steps = 0, weight = 0, next = 0;
  while (const auto step = streams->next()) {
    ++steps;
    weight += weigh(*step);
    const std::vector<int64_t> all = numbers(*step);
    for (size_t i = 0; steps < 3 && i < all.size(); ++i) { EXPECT_EQ(all[i], next++); }
  }
  EXPECT_EQ(steps, 3);
  EXPECT_EQ(summed(weight), 48);
  EXPECT_FALSE(streams->next());
}

/// Four damaged frames, of which each of several ranks meets a part.
class DamagedStreams : public StreamsTest {
 protected:
  void SetUp() override {
    StreamsTest::SetUp();
    if (folder_) {
      for (const size_t number : {1U, 6U, 20U, 33U}) {
        const Shard shard = open_shard(folder_->path() / ("train-" + std::to_string(number / 16) + ".h5"));
        const uint64_t at = shard.blob_at + shard.index.frame_offset[number % 16] + 50;
        samples::flip_byte(shard.path, static_cast<int64_t>(at));
      }
    }
    world().host_group().barrier()->wait();
    needs_.endless = false;
    needs_.mask.kind = "random";
  }
};

TEST_F(DamagedStreams, EndOnAllRanksWhereTheyFoundTooMuchTogether) {
  config_.max_bad_share = 3.5 / 48;
  const auto streams = open();
  const auto to_the_end = [&] {
    while (streams->next()) {}
  };
  EXPECT_THAT(message_of(to_the_end), HasSubstr("4 frames of a stream of 48 are damaged"));
}

TEST_F(DamagedStreams, CountNoMasksOfWhatTookTheirPlace) {
  config_.max_bad_share = 4.5 / 48;
  const auto streams = open();
  int64_t weight = 0;
  while (const auto step = streams->next()) { weight += weigh(*step); }
  EXPECT_EQ(summed(weight), 44);
}

TEST_F(StreamsTest, TwoStreamsKeepTheirOwnPlaces) {
  StreamNeeds fakes = needs_;
  fakes.name = "fakes";
  fakes.label = "fake";
  fakes.batch = 6;
  needs_.label = "real";
  const auto streams = data::open(config_, {needs_, fakes}, world());
  for (int i = 0; i < 3; ++i) {
    const auto step = streams->next();
    for (const auto& [name, label] : std::map<std::string, int64_t>{{"faces", 0}, {"fakes", 1}}) {
      for (const Batch& batch : step->streams.at(name)) {
        EXPECT_EQ(batch.labels.eq(label).sum().item<int64_t>(), batch.size());
      }
    }
  }
  EXPECT_EQ(streams->parts()[0]->values()["position"], 36);
  EXPECT_EQ(streams->parts()[1]->values()["position"], 18);
}

TEST_F(StreamsTest, ImpossibleRequestsSayWhatWouldWork) {
  needs_.accumulate = 5;
  const int ranks = world().size();
  const std::string message = message_of([&] { open(); });
  EXPECT_THAT(message,
              HasSubstr("[train.batch] 12 samples cannot be divided among " + std::to_string(ranks) + " ranks x 5"));
  EXPECT_THAT(message, HasSubstr("train.batch=" + std::to_string(ranks == 1 ? 10 : ranks == 2 ? 10 : 15) + " works"));
  needs_.accumulate = 1;
  needs_.image = 224;
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("holds crops of 64 x 64 pixels; the model takes 224"));
  needs_.image = 64;
  needs_.split = "test";
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("no frames of split 'test'"));
  config_.shards = shards() + "/nowhere";
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("has no manifest.json"));
}

TEST_F(StreamsTest, AShardThatOneRankCannotReadIsEverybodysError) {
  if (folder_) { std::filesystem::resize_file(folder_->path() / "train-1.h5", 4000); }
  world().host_group().barrier()->wait();
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("train-1.h5"));
}

}  // namespace
}  // namespace realface::data
