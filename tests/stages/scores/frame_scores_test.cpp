#include "stages/scores/frame_scores.h"

#include <ATen/ops/rand.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/temporary_folder.h"

namespace realface::stages {
namespace {

/// Videos of as many frames each, every other one fake.
SampleTable table_of(size_t count, int64_t frames) {
  std::vector<VideoInfo> videos(count);
  for (size_t i = 0; i < count; ++i) {
    videos[i].key = "v" + std::to_string(i);
    videos[i].dataset = "ds";
    videos[i].label = static_cast<int8_t>(i % 2);
    videos[i].method = i % 2 == 0 ? "" : "Swap";
    videos[i].frames = frames;
  }
  return SampleTable(std::move(videos));
}

TEST(FrameScores, AreWrittenBehindWhatIsKeptOfTheFile) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "frame_scores.csv";
  const auto table = table_of(2, 2);
  constexpr auto kNone = std::numeric_limits<float>::quiet_NaN();
  const auto scores = torch::tensor({{0.25F, 0.75F}, {kNone, kNone}, {1.0F, 0.5F}, {0.0F, 0.0F}});
  write_frame_scores(path, 0, {"a", {"vit", "mapping"}, table, scores});
  const auto first = read_file(path);
  EXPECT_EQ(first,
            "set,dataset,video,method,label,frame,p_vit,p_mapping,p_fake\n"
            "a,ds,v0,,0,0,0.25,0.75,0.5\na,ds,v1,Swap,1,0,1,0.5,0.75\na,ds,v1,Swap,1,1,0,0,0\n");
  std::ofstream(path, std::ios::app) << "of a set that was not finished";
  write_frame_scores(path, first.size(), {"b", {"vit", "mapping"}, table, scores});
  EXPECT_TRUE(read_file(path).starts_with(first + "b,ds,v0,,0,0,"));
  EXPECT_THROW(write_frame_scores(path, 100000, {"c", {"vit", "mapping"}, table, scores}), DataError);
  EXPECT_TRUE(read_file(path).starts_with(first + "b,")) << "the old file stays";
}

int64_t kilobytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key)) { return std::stoll(line.substr(key.size() + 1)); }
  }
  return -1;
}

/// The promise is 32 bytes a frame in all; the table of scores of three branches and its counts are 16 of them.
TEST(FrameScores, NeedSixteenBytesAFrameMore) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer keeps what was freed";
#endif
  const TemporaryFolder folder;
  constexpr int64_t kFrames = 1'000'000;
  const auto table = table_of(400, kFrames / 400);
  const auto scores = at::rand({kFrames, 3});
  if (!(std::ofstream("/proc/self/clear_refs") << 5 << std::flush)) { GTEST_SKIP() << "no /proc to measure by"; }
  const int64_t before = kilobytes("VmHWM:");
  write_frame_scores(folder.path() / "f.csv", 0, {"a", {"vit", "mapping", "cnn"}, table, scores});
  const auto results = frame_results({"a", {"vit", "mapping", "cnn"}, table, scores});
  EXPECT_EQ(results.at("all").at("fake"), kFrames / 2);
  EXPECT_NEAR(results.at("Swap").at("auc").get<double>(), 0.5, 0.01);
  EXPECT_LT((kilobytes("VmHWM:") - before) * 1024, kFrames * 16 + (4 << 20));
}

}  // namespace
}  // namespace realface::stages
