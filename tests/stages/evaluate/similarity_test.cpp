#include "stages/evaluate/similarity.h"

#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include <cmath>

#include "distributed/self_communicator.h"
#include "stages/scores/missing.h"
#include "tests/temporary_folder.h"

namespace realface::stages {
namespace {

/// Two videos of two frames and a fake one of a single frame.
SampleTable table() {
  std::vector<VideoInfo> videos(3);
  for (size_t i = 0; i < 3; ++i) {
    videos[i].key = std::to_string(i);
    videos[i].split = "test";
    videos[i].label = i == 0 ? 0 : 1;
    videos[i].frames = i == 2 ? 1 : 2;
  }
  return SampleTable(std::move(videos));
}

/// A video's frames, all of one brightness.
data::Batch batch(int64_t first, int64_t frames, int brightness) {
  data::Batch batch;
  batch.images = at::full({1, frames, 8, 8, 3}, brightness, torch::kUInt8);
  batch.samples = {first};
  for (int64_t t = 0; t < frames; ++t) { batch.frames.push_back(first + t); }
  return batch;
}

torch::Tensor maps(int64_t frames, double brightness) { return at::full({frames, 3, 2, 2}, brightness); }

TEST(Similarity, IsTheRootMeanSquareDistanceAveragedOverTheFramesOfAVideo) {
  const auto videos = table();
  Similarity similarity(videos, nullptr);
  auto mapped = maps(2, 0.2);
  mapped[1].fill_(0.6);
  similarity.add(batch(0, 2, 51), 0, mapped);  // 51 / 255 = 0.2: distances 0 and 0.4
  similarity.add(batch(0, 2, 51), 0, maps(2, 0.3));
  similarity.add(batch(2, 2, 255), 0, torch::Tensor());
  const auto self = distributed::make_self_communicator();
  similarity.reduce(*self);
  const auto found = similarity.distances();
  EXPECT_NEAR(found[0][1].item<double>(), (0 + 0.4 + 0.1 + 0.1) / 4, 1e-6);
  EXPECT_TRUE(std::isnan(found[0][0].item<double>()));
  EXPECT_TRUE(std::isnan(found[1][1].item<double>()));
}

TEST(Similarity, RestoredFacesComeFromTheCompanionUnlessAVideoIsTooShort) {
  const TemporaryFolder folder;
  data::CompanionFacts facts;
  facts.shape = {3, 2, 2};
  facts.rows = 5;
  facts.shortest = 2;
  facts.dataset_digest = "d";
  data::CompanionWriter writer(folder.path(), facts);
  for (uint64_t row = 0; row < 4; ++row) {
    const auto values = at::full({3, 2, 2}, row < 2 ? 0.25 : 0.5, torch::kFloat16);
    writer.write(row, static_cast<const uint16_t*>(values.const_data_ptr()));
  }
  data::CompanionWriter::seal(folder.path(), facts);
  const auto videos = table();
  Similarity similarity(videos, data::Companion::open(folder.path(), "d"));
  similarity.add(batch(0, 2, 0), 0, torch::Tensor());
  similarity.add(batch(2, 2, 0), 0, torch::Tensor());
  similarity.add(batch(4, 1, 0), 0, torch::Tensor());  // has no row
  const auto found = similarity.distances();
  EXPECT_NEAR(found[0][0].item<double>(), 0.25, 1e-6);
  EXPECT_NEAR(found[1][0].item<double>(), 0.5, 1e-6);
  EXPECT_TRUE(std::isnan(found[2][0].item<double>()));
}

TEST(Similarity, ResultsCompareTheClassesAtEqualScale) {
  std::vector<VideoInfo> videos(6);
  for (size_t i = 0; i < 6; ++i) {
    videos[i].key = std::to_string(i);
    videos[i].split = "test";
    videos[i].label = i < 3 ? 0 : 1;
    videos[i].frames = 1;
  }
  const SampleTable six(std::move(videos));
  // Reals at similarities 1, 1 and 0.5, fakes at 0.5, 0 and not seen.
  const auto distances =
      torch::tensor({{kNaN, 1.0}, {kNaN, 1.0}, {kNaN, 2.0}, {kNaN, 2.0}, {kNaN, 3.0}, {kNaN, kNaN}}, torch::kFloat64);
  const auto results = similarity_results(six, "test", distances);
  EXPECT_TRUE(results.at("before").is_null());
  const auto& after = results.at("after");
  EXPECT_DOUBLE_EQ(after.at("nearest").get<double>(), 1);
  EXPECT_DOUBLE_EQ(after.at("farthest").get<double>(), 3);
  EXPECT_NEAR(after.at("overlap").get<double>(), 1.0 / 3, 1e-12);
  EXPECT_NEAR(after.at("real").at(19).get<double>(), 2.0 / 3, 1e-12);
  EXPECT_NEAR(after.at("fake").at(0).get<double>(), 0.5, 1e-12);
  EXPECT_TRUE(similarity_results(six, "val", distances).at("after").is_null());
}

}  // namespace
}  // namespace realface::stages
