#include "data/inspection/leaks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/counter_rng.h"
#include "base/error.h"
#include "data/shards/writer.h"
#include "tests/data/shards/samples.h"
#include "tests/temporary_folder.h"

namespace realface::data {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

/// `count` reals, and as many fakes of each named kind; real i and the fakes i are of one group. Everything is drawn
/// from one distribution.
std::vector<VideoFacts> fair(int count, const std::vector<std::string>& kinds, uint64_t seed = 1) {
  CounterRng rng(seed, CounterRng::Purpose::test, {});
  std::vector<VideoFacts> videos;
  for (int i = 0; i < count; ++i) {
    for (size_t kind = 0; kind <= kinds.size(); ++kind) {
      VideoFacts video;
      video.name = kind == 0 ? "real" : "fake/" + kinds[kind - 1];
      video.fake = kind > 0;
      video.group = i;
      video.log_face_bytes = 10.9 + 0.2 * rng.normal();
      video.width = rng.chance(0.5) ? 640 : 1280;
      video.height = video.width * 9 / 16;
      video.frames = 300 + static_cast<int64_t>(rng.below(400));
      video.fps = rng.chance(0.5) ? 25 : 30;
      video.source_bytes =
          static_cast<int64_t>(static_cast<double>(video.frames) * 6000 * std::exp(0.5 * rng.normal()));
      videos.push_back(video);
    }
  }
  return videos;
}

TEST(Leaks, FindsNoneWhereAllComesFromOneDistribution) {
  const auto leaks = measure_leaks(fair(300, {"Deepfakes", "FaceSwap"}));
  for (const char* name : {"fake/Deepfakes", "fake/FaceSwap"}) {
    EXPECT_NEAR(leaks["classes"][name]["auc"].get<double>(), 0.5, 0.1) << name;
    EXPECT_EQ(leaks["classes"][name]["leak"], false);
    EXPECT_EQ(leaks["classes"][name]["videos"], 300);
    EXPECT_EQ(leaks["classes"][name]["reals"], 300);
  }
  EXPECT_TRUE(leaks["leaks"].empty());
  EXPECT_THAT(leaks_text(leaks), Not(HasSubstr("warning")));
}

TEST(Leaks, FindsTheClassThatLeaksByEachOfItsFeatures) {
  using Change = void (*)(VideoFacts&);
  const std::vector<std::pair<std::string, Change>> changes = {
      {"face bytes", [](VideoFacts& video) { video.log_face_bytes -= 0.8; }},
      {"source bitrate", [](VideoFacts& video) { video.source_bytes /= 8; }},
      {"source width", [](VideoFacts& video) { video.width = video.height = 480; }}};
  for (const auto& [feature, change] : changes) {
    auto videos = fair(100, {"Deepfakes", "FaceSwap"});
    for (VideoFacts& video : videos) {
      if (video.name == "fake/FaceSwap") { change(video); }
    }
    const auto leaks = measure_leaks(videos);
    EXPECT_GT(leaks["classes"]["fake/FaceSwap"]["auc"], 0.9) << feature;
    EXPECT_GT(leaks["classes"]["fake/FaceSwap"]["alone"][feature], 0.9);
    EXPECT_EQ(leaks["leaks"], nlohmann::json({"fake/FaceSwap"})) << feature;
    EXPECT_THAT(leaks_text(leaks), HasSubstr("warning: fake/FaceSwap can be told from real")) << feature;
    EXPECT_THAT(leaks_text(leaks), Not(HasSubstr("warning: fake/Deepfakes")));
  }
}

/// Ten groups of six nearly equal videos each, five of reals and five of fakes; where a group lies is drawn without
/// regard to its class.
std::vector<VideoFacts> clusters(uint64_t seed, bool grouped) {
  CounterRng rng(seed, CounterRng::Purpose::test, {});
  std::vector<VideoFacts> videos;
  for (int64_t group = 0; group < 10; ++group) {
    VideoFacts video;
    video.fake = group % 2 == 1;
    video.name = video.fake ? "fake/x" : "real";
    video.log_face_bytes = 10 + rng.normal();
    video.width = static_cast<int64_t>(1000 * std::exp(rng.normal()));
    video.height = static_cast<int64_t>(1000 * std::exp(rng.normal()));
    video.frames = 100;
    video.source_bytes = static_cast<int64_t>(1e6 * std::exp(rng.normal()));
    for (int64_t i = 0; i < 6; ++i) {
      video.log_face_bytes += 0.01 * rng.normal();
      video.group = grouped ? group : 6 * group + i;
      videos.push_back(video);
    }
  }
  return videos;
}

TEST(Leaks, HoldsOutWholeGroups) {
  // Whoever has seen other videos of a group knows its class; whoever has not can only guess.
  constexpr int kSets = 40;
  double grouped = 0, divided = 0;
  for (uint64_t seed = 0; seed < kSets; ++seed) {
    grouped += measure_leaks(clusters(seed, true))["classes"]["fake/x"]["auc"].get<double>() / kSets;
    divided += measure_leaks(clusters(seed, false))["classes"]["fake/x"]["auc"].get<double>() / kSets;
  }
  EXPECT_LT(grouped, 0.6);
  EXPECT_GT(divided, 0.75);
}

TEST(Leaks, SaysWhereAllVideosAreOfOneGroup) {
  auto videos = fair(20, {"Deepfakes"});
  for (VideoFacts& video : videos) { video.group = 7; }
  const auto one = measure_leaks(videos)["classes"]["fake/Deepfakes"];
  EXPECT_TRUE(one["auc"].is_null());
  EXPECT_THAT(one["why"], HasSubstr("too few leakage groups"));
}

TEST(Leaks, SaysWhereOneClassIsMissing) {
  const auto reals = measure_leaks(fair(10, {}));
  EXPECT_THAT(reals["note"], HasSubstr("no fake videos"));
  EXPECT_THAT(leaks_text(reals), HasSubstr("no fake videos"));
  auto videos = fair(10, {"Deepfakes"});
  std::erase_if(videos, [](const VideoFacts& video) { return !video.fake; });
  const auto fakes = measure_leaks(videos);
  EXPECT_TRUE(fakes["classes"]["fake/Deepfakes"]["auc"].is_null());
  EXPECT_THAT(leaks_text(fakes), HasSubstr("not measured: there are no real videos"));
  EXPECT_THAT(leaks_text(measure_leaks({})), HasSubstr("no fake videos"));
}

TEST(Leaks, LeavesTheBitrateOutWhereASourceSizeIsUnknown) {
  auto videos = fair(50, {"Deepfakes"});
  for (VideoFacts& video : videos) {
    if (video.fake) {
      video.source_bytes = 0;  // that alone must not tell them apart
    }
  }
  const auto leaks = measure_leaks(videos);
  EXPECT_EQ(leaks["features"].size(), 3u);
  EXPECT_THAT(leaks["note"], HasSubstr("bitrate is left out"));
  EXPECT_LT(leaks["classes"]["fake/Deepfakes"]["auc"], 0.7);
}

TEST(Leaks, TellsWhenSoFewVideosMayBeChance) {
  auto videos = fair(3, {"Deepfakes"});
  for (VideoFacts& video : videos) {
    if (video.fake) { video.width = 100; }
  }
  const auto leaks = measure_leaks(videos);
  ASSERT_EQ(leaks["leaks"].size(), 1u);
  EXPECT_GT(leaks["classes"]["fake/Deepfakes"]["chance_error"], 0.2);
  for (VideoFacts& video : videos) {
    if (video.fake && video.group == 0) { video.width = 1280; }
  }
  EXPECT_NO_THROW(leaks_text(measure_leaks(videos)));
}

class LeaksOfShards : public testing::Test {
 protected:
  /// Fakes have sources of `share` of the reals' bytes.
  void write(double share) {
    ShardHeader header = samples::header(16);
    ShardTotals totals;
    std::vector<VideoRecord> videos;
    for (int i = 0; i < 40; ++i) {
      videos.push_back(samples::video(i, 2, header));
      videos.back().manip = i % 2 == 1 ? "Deepfakes" : "";
      videos.back().source_bytes = static_cast<int64_t>((1000 + 37 * (i / 2)) * (i % 2 == 1 ? share : 1.0));
      if (i == 39) {
        videos.back().frames.clear();  // a video without a face is no evidence
      }
      totals.count(videos.back());
    }
    ShardWriter writer(folder_.path() / "x.h5", header, totals);
    for (const VideoRecord& video : videos) { writer.add(video); }
    writer.seal();
  }
  TemporaryFolder folder_;
};

TEST_F(LeaksOfShards, ReadsTheFactsOfEveryVideoWithFrames) {
  write(1);
  const auto fair_set = find_leaks(folder_.path() / "x.h5");
  EXPECT_EQ(fair_set["features"].size(), 4u);
  EXPECT_EQ(fair_set["classes"]["fake/Deepfakes"]["videos"], 19);
  EXPECT_EQ(fair_set["classes"]["fake/Deepfakes"]["reals"], 20);
  EXPECT_NEAR(fair_set["classes"]["fake/Deepfakes"]["alone"]["source bitrate"], 0.5, 0.1);
  write(0.25);
  EXPECT_GT(find_leaks(folder_.path() / "x.h5")["classes"]["fake/Deepfakes"]["auc"], 0.9);
}

TEST_F(LeaksOfShards, RefusesWhatIsNoDataset) {
  EXPECT_THROW(find_leaks(folder_.path() / "nothing.h5"), DataError);
  EXPECT_THROW(find_leaks(folder_.path()), DataError);
}

}  // namespace
}  // namespace realface::data
