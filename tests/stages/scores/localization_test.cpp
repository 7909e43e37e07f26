#include "stages/scores/localization.h"

#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <fstream>

#include "data/batch.h"

/// Against NumPy; fixtures/localization_fixture.py makes the file.
namespace realface::stages {
namespace {

/// [T, H, W] of nested lists.
torch::Tensor frames_of(const nlohmann::json& lists, torch::ScalarType type) {
  std::vector<torch::Tensor> frames;
  for (const auto& frame : lists) {
    std::vector<torch::Tensor> rows;
    for (const auto& row : frame) { rows.push_back(at::tensor(row.get<std::vector<double>>(), torch::kFloat64)); }
    frames.push_back(at::stack(rows));
  }
  return at::stack(frames).to(type);
}

void expect_same(const nlohmann::json& ours, const nlohmann::json& theirs, const std::string& what) {
  ASSERT_EQ(ours.size(), theirs.size()) << what;
  for (const auto& [key, value] : theirs.items()) {
    const auto where = what + "." + key;
    ASSERT_TRUE(ours.contains(key)) << where;
    if (value.is_object()) {
      expect_same(ours[key], value, where);
    } else if (value.is_null()) {
      EXPECT_TRUE(ours[key].is_null()) << where;
    } else {
      EXPECT_NEAR(ours[key].get<double>(), value.get<double>(), 1e-12) << where;
    }
  }
}

TEST(LocalizationResults, AreNumPys) {
  const auto fixture = nlohmann::json::parse(std::ifstream(REALFACE_FIXTURES "/localization_fixture.json"));
  std::vector<VideoInfo> videos;
  std::vector<torch::Tensor> counts;
  for (const auto& one : fixture["videos"]) {
    VideoInfo video;
    video.method = one["method"];
    video.label = video.method.empty() ? 0 : 1;
    video.split = "test";
    videos.push_back(video);
    counts.push_back(count_masks(frames_of(one["masks"], torch::kFloat32), frames_of(one["truth"], torch::kUInt8)));
  }
  const auto found = localization_results(SampleTable(videos), "test", at::stack(counts));
  expect_same(found, fixture["expected"], "expected");
}

TEST(LocalizationResults, LeaveOutOtherSplitsAndSayNullOfNothing) {
  VideoInfo fake{.key = "f", .class_name = "fake/a", .label = 1, .split = "train", .method = "a"};
  const SampleTable table({fake});
  const auto counts = at::zeros({1, static_cast<int64_t>(MaskCount::count)}, torch::kFloat64);
  const auto found = localization_results(table, "test", counts);
  EXPECT_EQ(found.size(), 1U);
  EXPECT_TRUE(found["all"]["fakes"]["iou"].is_null());
  EXPECT_EQ(found["all"]["fakes"]["frames"], 0);
}

TEST(CountMasks, AFrameOfUnknownTruthCountsAsNothingElse) {
  const auto masks = at::zeros({2, 4, 4}), truth = at::zeros({2, 4, 4}, torch::kUInt8);
  truth[1].fill_(data::kNotKnown);
  const auto counts = count_masks(masks, truth);
  EXPECT_EQ(counts[static_cast<int64_t>(MaskCount::frames)].item<double>(), 1);
  EXPECT_EQ(counts[static_cast<int64_t>(MaskCount::unknown)].item<double>(), 1);
  EXPECT_EQ(counts[static_cast<int64_t>(MaskCount::equal)].item<double>(), 1);
}

}  // namespace
}  // namespace realface::stages
