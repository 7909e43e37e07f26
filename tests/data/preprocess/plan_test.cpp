#include "data/preprocess/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "data/preprocess/config.h"

namespace realface::data::preprocess {
namespace {

using importers::Source;
using testing::HasSubstr;

nlohmann::json config(uint64_t seed = 0) {
  PreprocessConfig wanted;
  wanted.seed = seed;
  return described(wanted, "model", "detector");
}

std::vector<Source> videos(int reals, int fakes, const std::string& folder = "/a/") {
  std::vector<Source> list;
  for (int i = 0; i < reals + fakes; ++i) {
    Source source;
    source.key = "x/" + std::to_string(1000 + i);
    source.path = folder + source.key;
    source.dataset = "x";
    source.split = i % 10 == 9 ? "val" : "train";
    source.label = i < reals ? 0 : 1;
    source.manip = i < reals ? "" : "Deepfakes";
    source.bytes = 1000 + i;
    list.push_back(source);
  }
  return list;
}

TEST(ShardCount, IsByBytesOrASixteenthOfManyVideosButNeverMoreThanVideos) {
  constexpr int64_t kGib = int64_t{1} << 30;
  EXPECT_EQ(shard_count(1, 1, kGib), 1);
  EXPECT_EQ(shard_count(1, 40, kGib), 5);
  EXPECT_EQ(shard_count(1, 1000, kGib), 16);
  EXPECT_EQ(shard_count(20 * kGib + 1, 1000, kGib), 21);
  EXPECT_EQ(shard_count(20 * kGib, 3, kGib), 3);
}

TEST(Plan, StoresEveryVideoOnceInAShardOfItsSplit) {
  const Plan plan = make_plan(videos(100, 60), config(), "v");
  std::multiset<int64_t> stored;
  for (const auto& shard : plan.shards) {
    for (const int64_t video : shard.videos) {
      stored.insert(video);
      EXPECT_EQ(plan.sources[static_cast<size_t>(video)].split, shard.split);
    }
  }
  EXPECT_EQ(stored.size(), 160u);
  EXPECT_EQ(std::set<int64_t>(stored.begin(), stored.end()).size(), 160u);
}

TEST(Plan, GivesEveryShardTheClassesInTheSharesOfTheWhole) {
  const Plan plan = make_plan(videos(200, 120), config(), "v");
  for (const auto& shard : plan.shards) {
    if (shard.split != "train") { continue; }
    int64_t fakes = 0;
    for (const int64_t video : shard.videos) { fakes += plan.sources[static_cast<size_t>(video)].label; }
    const double expected = static_cast<double>(shard.videos.size()) * 120.0 / 320.0;
    EXPECT_NEAR(static_cast<double>(fakes), expected, 1.5);
    EXPECT_FALSE(std::ranges::is_sorted(shard.videos));
  }
}

TEST(Plan, DependsOnTheSeedAndNotOnPaths) {
  const Plan a = make_plan(videos(30, 0, "/a/"), config(), "v"), b = make_plan(videos(30, 0, "/b/"), config(), "v");
  EXPECT_EQ(a.digest, b.digest);
  const Plan c = make_plan(videos(30, 0), config(7), "v");
  EXPECT_NE(a.digest, c.digest);
  EXPECT_NE(a.shards[0].videos, c.shards[0].videos);
}

TEST(Plan, NamesShardsBySplitNumberAndCount) {
  const Plan plan = make_plan(videos(40, 0), config(), "v");
  EXPECT_EQ(plan.shards.front().name, "train-00000-of-00004.h5");
  EXPECT_EQ(plan.shards.back().name, "val-00000-of-00001.h5");
}

TEST(Plan, SurvivesJson) {
  const Plan plan = make_plan(videos(10, 10), config(), "v");
  EXPECT_EQ(to_json(plan_from_json(to_json(plan))), to_json(plan));
}

TEST(Difference, NamesSettingsWithBothValuesAndInputsWithAnExample) {
  const auto a = to_json(make_plan(videos(10, 0), config(0), "v"));
  EXPECT_EQ(difference(a, a), "");
  EXPECT_EQ(difference(a, to_json(make_plan(videos(10, 0), config(3), "v"))), "seed (0 there, 3 now)");
  EXPECT_THAT(difference(a, to_json(make_plan(videos(12, 0), config(0), "v"))),
              HasSubstr("2 more, 0 fewer, 0 changed; for example x/1010"));
  auto changed = videos(10, 0);
  changed[4].bytes = 5;
  EXPECT_THAT(difference(a, to_json(make_plan(changed, config(0), "v"))), HasSubstr("0 more, 0 fewer, 1 changed"));
}

TEST(Plan, CountsFramesOfPicturesForTheExpectedBytes) {
  Source picture;
  picture.kind = importers::SourceKind::picture;
  Source video;
  EXPECT_NEAR(static_cast<double>(expected_bytes(video, config())),
              30.0 * static_cast<double>(expected_bytes(picture, config())), 30);
}

}  // namespace
}  // namespace realface::data::preprocess
