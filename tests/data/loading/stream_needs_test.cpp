// What stages ask of a stream besides samples: groups, fixed batches, manipulations, folds, several masks, companions.

#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>

#include "data/loading/companion.h"
#include "data/order/order.h"
#include "tests/data/loading/streams_fixture.h"

namespace realface::data {
namespace {
using ::testing::HasSubstr;

TEST_F(StreamsTest, GroupsStayTogetherAndAreTheSameAtEveryWorldSize) {
  needs_.group = 2;
  needs_.batch = 12;  // 6 groups, for 1, 2 and 3 ranks
  Order order(plain_order(48, 4, true));
  const auto streams = open();
  for (uint64_t update = 0; update < 3; ++update) {
    std::vector<std::vector<int64_t>> expected;
    for (uint64_t at = 12 * update; at < 12 * update + 12; at += 2) {
      expected.push_back({static_cast<int64_t>(order.at(at).item), static_cast<int64_t>(order.at(at + 1).item)});
    }
    std::ranges::sort(expected);
    EXPECT_EQ(groups(*streams->next(), 2), expected);
  }
  needs_.group = 8;
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("which belong together"));
}

TEST_F(StreamsTest, AFixedStreamGivesEveryRankTheSameBatchAgainAndAgain) {
  needs_.fixed = true;
  needs_.batch = 5;  // no rank's share of it
  const auto streams = open();
  const auto first = streams->next()->streams.at("faces").front();
  EXPECT_EQ(first.size(), 5);
  const auto root = distributed::broadcast_string(world().host_group(), nlohmann::json(first.samples).dump());
  EXPECT_EQ(nlohmann::json(first.samples).dump(), root);
  const auto second = streams->next()->streams.at("faces").front();
  EXPECT_EQ(second.samples, first.samples);
  EXPECT_TRUE(at::equal(second.images, first.images));
  EXPECT_EQ(streams->parts().front()->values().at("position"), 0);
}

TEST(Workers, AreAsManyAsAskedForElseOneOrHalfOfTheCoresBesideAGpu) {
  DataConfig config;
  EXPECT_EQ(workers_for(config, false, 64), 1);
  EXPECT_EQ(workers_for(config, true, 1), 1);
  EXPECT_EQ(workers_for(config, true, 5), 2);
  EXPECT_EQ(workers_for(config, true, 64), 4);
  config.workers = 7;
  EXPECT_EQ(workers_for(config, true, 64), 7);
  EXPECT_EQ(workers_for(config, false, 64), 7);
}

TEST_F(StreamsTest, AnUnknownManipulationIsRefusedWithThoseThatThereAre) {
  needs_.label = "fake";
  needs_.methods = {"Deepfakes", "NoSuchMethod"};
  EXPECT_THAT(message_of([&] { open(); }),
              ::testing::AllOf(HasSubstr("of the manipulation NoSuchMethod"), HasSubstr("it knows: Deepfakes")));
}

TEST_F(StreamsTest, FacesOfAnotherAlignmentOrCompressionAreRefused) {
  config_.align = "similarity";
  config_.compression = "raw";
  EXPECT_THAT(message_of([&] { open(); }), ::testing::AllOf(HasSubstr("[data.align] is similarity"),
                                                            HasSubstr("are aligned by none; preprocess with --align")));
  config_.align = "none";
  open();
  config_.compression = "c23";
  EXPECT_THAT(message_of([&] { open(); }),
              ::testing::AllOf(HasSubstr("[data.compression] is c23"), HasSubstr("are raw")));
  // A stage that opens its sets one after the other hears of it at once.
  config_.sets = {{"other", shards()}};
  EXPECT_THAT(message_of([&] { data::open(config_, {}, world()); }), HasSubstr("[data.compression] is c23"));
  config_.compression = "";
  world().host_group().barrier()->wait();
  if (world().rank() == 0) {
    auto manifest = Manifest::load(config_.shards);
    manifest.config["preprocess"]["align"] = "similarity";
    manifest.save(shards());
  }
  world().host_group().barrier()->wait();
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("are aligned by similarity; preprocess with --align none"));
  config_.align = "similarity";
  EXPECT_EQ(open()->crops().at("align"), "similarity");
}

TEST_F(StreamsTest, FoldsCutTheVideosInTwo) {
  needs_.unit = "video";
  std::set<int64_t> seen;
  int64_t videos = 0;
  for (const bool second : {false, true}) {
    needs_.fold = {0.5, second, 9};
    const auto streams = open();
    videos += streams->samples();
    for (int64_t i = 0; i < streams->steps_per_epoch(); ++i) {
      for (const int64_t number : numbers(*streams->next())) { seen.insert(number / 4 + (second ? 100 : 0)); }
    }
  }
  EXPECT_EQ(videos, 12);
  for (const int64_t video : seen) { EXPECT_FALSE(seen.contains(video + 100)) << video; }
}

TEST_F(StreamsTest, PassesMaskEachPartOnceTheSameInEveryEpoch) {
  needs_.mask.kind = "part";
  needs_.mask.ratio = 0.5;
  needs_.patch = 8;
  needs_.passes = 3;
  needs_.cover = true;
  std::map<int64_t, torch::Tensor> masks;
  const auto streams = open();
  for (int64_t i = 0; i < 2 * streams->steps_per_epoch(); ++i) {
    const auto step = streams->next();
    for (const auto& batch : step->streams.at("faces")) {
      ASSERT_EQ(batch.mask.sizes(), (std::vector<int64_t>{batch.size(), 6, 64}));
      for (int64_t row = 0; row < batch.size(); ++row) {
        const auto mask = batch.mask[row].to(torch::kInt64);
        EXPECT_TRUE(at::equal(mask.sum(0), at::ones({64}, torch::kInt64)));  // the parts cover the face, none twice
        EXPECT_LE(64 - mask.sum(1).min().item<int64_t>(), batch.visible_max);
        const auto [known, fresh] = masks.emplace(batch.samples[static_cast<size_t>(row)], mask);
        EXPECT_TRUE(at::equal(known->second, mask));
      }
    }
  }
}

TEST_F(StreamsTest, AFrameHasItsOwnMaskWhateverItIsShownWith) {
  needs_.mask.kind = "key_region";
  needs_.patch = 8;
  needs_.by_frame = true;
  needs_.endless = false;
  needs_.label = "any";
  std::map<int64_t, torch::Tensor> masks;
  for (const int64_t frames : {4, 2, 4}) {
    needs_.unit = frames == 4 ? "clip" : "segments";
    needs_.frames = frames;
    const auto streams = open();
    while (const auto step = streams->next()) {
      for (const auto& batch : step->streams.at("faces")) {
        ASSERT_EQ(batch.mask.sizes(), (std::vector<int64_t>{batch.size(), frames, 64}));
        EXPECT_TRUE(batch.mask.sum(2).eq(48).all().item<bool>());
        for (int64_t i = 0; i < batch.size() * frames; ++i) {
          const auto mask = batch.mask.flatten(0, 1)[i].clone();
          const auto [known, fresh] = masks.emplace(batch.frames[static_cast<size_t>(i)], mask);
          EXPECT_TRUE(at::equal(known->second, mask));
        }
      }
    }
  }
  std::set<std::string> different;
  for (const auto& [frame, mask] : masks) {
    std::string text;
    for (int64_t i = 0; i < 64; ++i) { text += mask[i].item<bool>() ? '1' : '0'; }
    different.insert(text);
  }
  EXPECT_EQ(different.size(), masks.size());
}

/// A companion of the fixture's dataset in a folder that all ranks see; row 7 was never written.
class CompanionStreams : public StreamsTest {
 protected:
  static constexpr uint16_t kMissing = 7;

  void make_companion(const std::string& split) {
    const auto made = folder_ ? folder_->path() / "made" : std::filesystem::path();
    needs_.companion = distributed::broadcast_string(world().host_group(), made.string());
    if (world().rank() == 0) {
      std::filesystem::create_directory(made);
      const CompanionFacts facts{{1, 1, 2}, 48, split, 1, open_digest(), "abc", {}};
      CompanionWriter writer(made, facts);
      for (uint16_t row = 0; row < 48; ++row) {
        const std::array<uint16_t, 2> values{row, static_cast<uint16_t>(row + 1000)};
        if (row != kMissing) { writer.write(row, values.data()); }
      }
      CompanionWriter::seal(made, facts);
    }
    world().host_group().barrier()->wait();
  }
};

TEST_F(CompanionStreams, RowsComeWithTheirFramesAndMirrorWithThem) {
  make_companion("all");
  needs_.augment.flip = true;
  const auto streams = open();
  int64_t flips = 0, rows = 0;
  for (int i = 0; i < 8; ++i) {
    const auto step = streams->next();
    for (const auto& batch : step->streams.at("faces")) {
      for (int64_t row = 0; row < batch.size(); ++row, ++rows) {
        const auto* values = static_cast<const uint16_t*>(batch.companion[row].contiguous().const_data_ptr());
        const auto number = static_cast<uint16_t>(batch.samples[static_cast<size_t>(row)]);
        const bool flipped = values[0] == number + 1000;
        flips += flipped ? 1 : 0;
        EXPECT_EQ(values[flipped ? 1 : 0], number);
        EXPECT_NE(number, kMissing) << "another frame takes the place of one without a row";
        auto picture = torch::tensor(at::ArrayRef<uint8_t>(samples::picture(number / 4, number % 4, 64)));
        picture = picture.view({64, 64, 3});
        EXPECT_TRUE(at::equal(batch.images[row], flipped ? picture.flip({1}) : picture));
      }
    }
  }
  EXPECT_GT(flips, 0);
  EXPECT_LT(flips, rows);
}

TEST_F(CompanionStreams, OfAnotherSplitIsRefused) {
  make_companion("val");
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("holds rows of split 'val' alone, but this stream reads 'train'"));
}

TEST_F(StreamsTest, AShiftOutOfThePictureIsRefused) {
  needs_.augment.shift = 64;
  EXPECT_THAT(message_of([&] { open(); }), HasSubstr("[train.shift] 64 pixels would move a face out of its picture"));
}

}  // namespace
}  // namespace realface::data
