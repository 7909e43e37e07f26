#include "stages/scores/auc_estimate.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>

#include "stages/scores/roc.h"

namespace realface::stages {
namespace {

using Videos = std::map<VideoKey, LabelledVideo>;

Videos drawn_videos(std::mt19937& random, int reals, int fakes, const std::string& method = "f") {
  std::uniform_int_distribution<int> score(0, 9);  // with ties
  Videos videos;
  for (int i = 0; i < reals; ++i) { videos[{"d", "r" + std::to_string(i)}] = {score(random) / 10.0, false}; }
  for (int i = 0; i < fakes; ++i) { videos[{"d", method + std::to_string(i)}] = {0.2 + score(random) / 10.0, true}; }
  return videos;
}

TEST(AucEstimate, OfOneDetectorIsDeLongs) {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    const auto videos = drawn_videos(random, 2 + round % 7, 2 + round % 5);
    std::vector<Scored> scored;
    for (const auto& [key, video] : videos) {
      scored.push_back({video.p_fake, static_cast<int32_t>(scored.size()), video.fake});
    }
    const auto metrics = roc_metrics(scored);
    const auto estimate = estimate_auc(videos);
    EXPECT_NEAR(estimate.auc, metrics.auc, 1e-12);
    EXPECT_NEAR(estimate.low, metrics.auc_low, 1e-12);
    EXPECT_NEAR(estimate.high, metrics.auc_high, 1e-12);
  }
}

/// The difference of two detectors on the same videos has the variance V(a) + V(b) - 2 C(a, b), their mean
/// (V(a) + V(b) + 2 C(a, b)) / 4: DeLong's paired test gives C.
TEST(AucEstimate, TheMeanOfTwoDetectorsCountsWhatTheyHaveInCommon) {
  std::mt19937 random(8);
  for (int round = 0; round < 20; ++round) {
    const std::array videos{drawn_videos(random, 8, 9), drawn_videos(random, 8, 9)};
    const std::array estimates{estimate_auc(videos[0]), estimate_auc(videos[1])};
    std::vector<double> a, b;
    std::vector<bool> fake;
    for (const auto& [key, video] : videos[0]) {
      a.push_back(video.p_fake), b.push_back(videos[1].at(key).p_fake), fake.push_back(video.fake);
    }
    const auto variance = [](const AucEstimate& estimate) {
      double sum = 0;
      for (const auto& [key, part] : estimate.parts) { sum += part * part; }
      return sum;
    };
    const auto paired = compare_auc(a, b, fake);
    const double of_difference = std::pow((paired.high - paired.low) / 2 / kNormal975, 2);
    const double of_both = variance(estimates[0]) + variance(estimates[1]);
    const auto mean = mean_estimate(estimates);
    EXPECT_NEAR(mean.auc, (paired.auc_a + paired.auc_b) / 2, 1e-12);
    EXPECT_NEAR(variance(mean), (of_both + (of_both - of_difference)) / 4, 1e-12);
  }
}

/// Fakes of two kinds beside the same two reals. Kind f: the reals' placements are 1 and 1/2, the fakes' 1/2 and 1;
/// kind g: all are 1. The reals' mean placements are thus 1 and 3/4, of variance 1/32; the fakes of f count half, with
/// variance 1/8 / 4. So the variance is 1/32 / 2 + 1/8 / 4 / 2 = 1/32.
TEST(AucEstimate, TheMeanOfTwoKindsOfFakesBesideTheSameReals) {
  const Videos f = {
      {{"d", "r1"}, {0.1, false}}, {{"d", "r2"}, {0.4, false}}, {{"d", "f1"}, {0.3, true}}, {{"d", "f2"}, {0.9, true}}};
  const Videos g = {
      {{"d", "r1"}, {0.1, false}}, {{"d", "r2"}, {0.4, false}}, {{"d", "g1"}, {0.8, true}}, {{"d", "g2"}, {0.9, true}}};
  const auto mean = mean_estimate(std::array{estimate_auc(f), estimate_auc(g)});
  EXPECT_DOUBLE_EQ(mean.auc, 0.875);
  EXPECT_NEAR(mean.low, 0.875 - kNormal975 * std::sqrt(1.0 / 32), 1e-12);
  EXPECT_EQ(mean.high, 1) << "cut off";
}

TEST(AucEstimate, SaysNothingOfTooFew) {
  const Videos one = {{{"d", "r1"}, {0.1, false}}, {{"d", "f1"}, {0.3, true}}, {{"d", "f2"}, {0.4, true}}};
  const auto estimate = estimate_auc(one);
  EXPECT_EQ(estimate.auc, 1);
  EXPECT_TRUE(std::isnan(estimate.low));
  std::mt19937 random(9);
  const auto mean = mean_estimate(std::array{estimate, estimate_auc(drawn_videos(random, 3, 3))});
  EXPECT_FALSE(std::isnan(mean.auc));
  EXPECT_TRUE(std::isnan(mean.low));
  EXPECT_TRUE(std::isnan(estimate_auc({}).auc));
  EXPECT_TRUE(std::isnan(mean_estimate({}).auc));
}

}  // namespace
}  // namespace realface::stages
