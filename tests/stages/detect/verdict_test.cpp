#include "stages/detect/verdict.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

#include "stages/detect/person_scores.h"

namespace realface::stages {
namespace {

/// Scores a frame by its first pixel / 255.
Branch by_frame() {
  return {"frames", 4, 0, true, false, [](const torch::Tensor& frames) {
            const auto p = frames.flatten(2).select(2, 0).to(torch::kFloat32) / 255;
            return BranchScores{p.mean(1), p, {}};
          }};
}

/// Scores a clip of three frames by the mean of their first pixels / 255, and counts its calls.
Branch by_clip(std::vector<std::vector<int>>& seen) {
  return {"clips", 4, 3, true, false, [&seen](const torch::Tensor& frames) {
            const auto first = frames.flatten(2).select(2, 0)[0];
            seen.emplace_back();
            for (int64_t t = 0; t < first.size(0); ++t) { seen.back().push_back(first[t].item<int>()); }
            const auto p = first.to(torch::kFloat32).mean().reshape({1}) / 255;
            return BranchScores{p, p.unsqueeze(1).expand({1, frames.size(1)}), {}};
          }};
}

/// Frames whose pixels are 0, 1, 2, ...
torch::Tensor frames(int64_t count) {
  return at::arange(count, torch::kUInt8).view({-1, 1, 1, 1}).expand({count, 4, 4, 3}).contiguous();
}

TEST(ScoreFrames, HaveAColumnForEachBranch) {
  std::vector<std::vector<int>> seen;
  const auto scores = score_frames({by_frame(), by_clip(seen)}, frames(5)).p_fake;
  ASSERT_EQ(scores.sizes(), (std::vector<int64_t>{5, 2}));
  EXPECT_NEAR(scores[4][0].item<double>(), 4 / 255.0, 1e-7);
}

TEST(ScoreFrames, AreScoredClipByClipAndTheLastClipEndsWithTheLastFrame) {
  std::vector<std::vector<int>> seen;
  const auto scores = score_frames({by_clip(seen)}, frames(5)).p_fake.select(1, 0) * 255;
  EXPECT_EQ(seen, (std::vector<std::vector<int>>{{0, 1, 2}, {2, 3, 4}}));
  const std::vector<double> expected{1, 1, 2, 3, 3};
  for (int64_t i = 0; i < 5; ++i) { EXPECT_NEAR(scores[i].item<double>(), expected[static_cast<size_t>(i)], 1e-4); }
}

TEST(ScoreFrames, TooFewForAClipAreFilledUpWithTheLast) {
  std::vector<std::vector<int>> seen;
  const auto scores = score_frames({by_clip(seen)}, frames(2)).p_fake;
  EXPECT_EQ(seen, (std::vector<std::vector<int>>{{0, 1, 1}}));
  EXPECT_EQ(scores.size(0), 2);
}

TEST(ScoreFrames, CarryTheMasksOfALocaliser) {
  const Branch locating{"localizer", 4, 0, true, true, [](const torch::Tensor& faces) {
                          const auto p = at::zeros({1, faces.size(1)});
                          return BranchScores{p.mean(1), p, {}, faces.select(4, 0).to(torch::kFloat32) / 255};
                        }};
  EXPECT_FALSE(score_frames({by_frame()}, frames(2)).heat.defined());
  const auto found = score_frames({locating, by_frame()}, frames(2));
  EXPECT_TRUE(found.has_masks);
  const auto& masks = found.heat;
  ASSERT_EQ(masks.sizes(), (std::vector<int64_t>{2, 4, 4}));
  EXPECT_NEAR(masks[1][0][0].item<double>(), 1 / 255.0, 1e-7);
}

TEST(ScoreFrames, OfANetworkThatMapsShowHowFarFacesAreFromTheirMaps) {
  const Branch mapping{"mapping", 4, 0, true, false, [](const torch::Tensor& faces) {
                         const auto p = at::zeros({1, faces.size(1)});
                         return BranchScores{p.mean(1), p, at::full({1, faces.size(1), 3, 2, 2}, 0.2), {}};
                       }};
  auto faces = at::full({1, 4, 4, 3}, 51, torch::kUInt8);  // 0.2
  faces.narrow(1, 0, 2).narrow(2, 0, 2).fill_(77);         // a quarter of it is 0.3
  const auto found = score_frames({mapping}, faces);
  EXPECT_FALSE(found.has_masks);
  ASSERT_EQ(found.heat.sizes(), (std::vector<int64_t>{1, 4, 4}));
  EXPECT_NEAR(found.heat[0][0][0].item<double>(), (77 / 255.0 - 0.2) / 0.25, 1e-5);
  EXPECT_NEAR(found.heat[0][3][3].item<double>(), 0.0, 1e-5);
}

TEST(ScoreFrames, ShowWhatABranchOfNoMasksSawDiffer) {
  const Branch residual{"rffr", 4, 0, true, false, [](const torch::Tensor& faces) {
                          const auto p = at::zeros({1, faces.size(1)});
                          return BranchScores{p.mean(1), p, {}, {}, at::full({1, faces.size(1), 4, 4}, 0.25)};
                        }};
  const auto found = score_frames({residual}, frames(2));
  EXPECT_FALSE(found.has_masks);
  EXPECT_EQ(found.heat.sizes(), (std::vector<int64_t>{2, 4, 4}));
  EXPECT_EQ(found.heat[1][3][3].item<double>(), 0.25);
}

TEST(ScoreFrames, HideTheKeyRegionOfEachFrameByItsLandmarks) {
  std::vector<torch::Tensor> seen;
  Branch hiding{"lre", 64, 0, true, false, {}};
  hiding.hidden = Hidden{{.kind = "key_region"}, 8};
  hiding.score_hidden = [&seen](const torch::Tensor& faces, const torch::Tensor& masks) {
    seen.push_back(masks);
    const auto p = at::zeros({1, faces.size(1)});
    return BranchScores{p.mean(1), p, {}};
  };
  auto landmarks = at::zeros({2, 68, 2});
  for (int64_t i = 0; i < 68; ++i) {  // all over the right half of the picture
    landmarks[0][i][0] = 44 + static_cast<float>(i % 9), landmarks[0][i][1] = 8 + static_cast<float>(i % 48);
  }
  landmarks[1] = landmarks[0];
  const auto faces = at::zeros({2, 64, 64, 3}, torch::kUInt8);
  score_frames({hiding}, faces, landmarks);
  score_frames({hiding}, faces, landmarks);
  score_frames({hiding}, faces);
  ASSERT_EQ(seen[0].sizes(), (std::vector<int64_t>{1, 2, 64}));
  EXPECT_TRUE(seen[0].sum(2).eq(48).all().item<bool>());
  EXPECT_TRUE(at::equal(seen[0], seen[1]));
  EXPECT_FALSE(at::equal(seen[0], seen[2]));
  EXPECT_FALSE(at::equal(seen[0].select(1, 0), seen[0].select(1, 1)));
}

FileVerdict file_with(const std::vector<std::vector<double>>& people) {
  FileVerdict verdict;
  verdict.file = "a.mp4";
  for (size_t i = 0; i < people.size(); ++i) {
    for (size_t t = 0; t < people[i].size(); ++t) {
      verdict.people[static_cast<int64_t>(i)].add({static_cast<int32_t>(t), 0.04 * static_cast<double>(t)},
                                                  at::tensor({people[i][t], 0.5}, torch::kFloat64));
    }
  }
  return verdict;
}

TEST(FileVerdict, IsTheMaximumOverPeopleOfTheMeanOverFrames) {
  const auto verdict = file_with({{0.1, 0.3}, {0.9, 0.7}});  // beside a second branch that says 0.5
  EXPECT_NEAR(verdict.p_fake({}), (0.8 + 0.5) / 2, 1e-12);
  EXPECT_NEAR(verdict.p_fake({.over_people = "mean"}), (0.5 + 0.5) / 2, 1e-12);
}

TEST(FileVerdict, LeavesOutWhoIsSeenBrieflyIfSomebodyIsSeenLonger) {
  auto verdict = file_with({std::vector<double>(6, 0.1), {1.0, 1.0}});
  EXPECT_NEAR(verdict.p_fake({}), (0.1 + 0.5) / 2, 1e-12);
  EXPECT_NEAR(file_with({{1.0, 1.0}}).p_fake({}), (1.0 + 0.5) / 2, 1e-12);
}

TEST(FileVerdict, WithoutAFaceIsNullInJson) {
  FileVerdict verdict;
  verdict.file = "b.mp4";
  verdict.status = "no_face";
  EXPECT_TRUE(std::isnan(verdict.p_fake({})));
  const auto json = to_json(verdict, {}, {"frames"});
  EXPECT_TRUE(json["p_fake"].is_null());
  EXPECT_EQ(json["status"], "no_face");
  EXPECT_TRUE(json["people"].empty());
}

TEST(FileVerdict, JsonHasBranchesAndTheTimelineOfEachPerson) {
  const auto json = to_json(file_with({{0.1, 0.3}, {0.9, 0.7}}), {}, {"frames", "clips"});
  ASSERT_EQ(json["people"].size(), 2U);
  const auto& worst = json["people"][0];
  EXPECT_EQ(worst["person"], 1);
  EXPECT_NEAR(worst["p_frames"].get<double>(), 0.8, 1e-12);
  EXPECT_NEAR(worst["p_clips"].get<double>(), 0.5, 1e-12);
  EXPECT_EQ(worst["timeline"].size(), 2U);
  EXPECT_NEAR(worst["timeline"][1]["s"].get<double>(), 0.04, 1e-12);
  EXPECT_EQ(json["rule"], "max over people of the mean over frames");
}

TEST(Timeline, StaysShortHoweverLongTheVideoIs) {
  for (const int count : {1, 7, 8, 9, 100, 1000}) {
    Timeline timeline(8);
    double sum = 0;
    for (int i = 0; i < count; ++i) {
      timeline.add({i, 0.04 * i, {}, 0.001 * i});
      sum += 0.001 * i;
    }
    const auto& spans = timeline.spans();
    EXPECT_LE(spans.size(), 8U);
    EXPECT_GE(spans.size(), static_cast<size_t>(std::min(count, 4)));
    int64_t frames = 0;
    double weighted = 0;
    for (const auto& span : spans) {
      EXPECT_EQ(span.frame, frames) << "a span begins where the one before ends";
      frames += span.frames;
      weighted += span.p_fake * static_cast<double>(span.frames);
    }
    EXPECT_EQ(frames, count);
    EXPECT_NEAR(weighted, sum, 1e-9);
  }
}

TEST(FileVerdict, OfACalibratedDetectorHasAVerdict) {
  VerdictRule rule;
  rule.calibration = {.known = true, .temperature = 2, .fake_above = 0.6, .real_below = 0.4};
  const auto json = to_json(file_with({{0.9, 0.9}, {0.1, 0.1}}), rule, {"frames", "clips"});  // beside one of 0.5
  const double raw = 0.7, expected = 1 / (1 + std::sqrt((1 - raw) / raw));
  EXPECT_NEAR(json["p_fake"].get<double>(), expected, 1e-12);
  EXPECT_EQ(json["verdict"], "fake");
  EXPECT_EQ(json["people"][1]["verdict"], "real");
  EXPECT_FALSE(to_json(file_with({{0.9}}), {}, {"frames"}).contains("verdict"));
}

}  // namespace
}  // namespace realface::stages
