#include "stages/scores/roc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "base/error.h"

/// Against scikit-learn, rational arithmetic and DeLong's sums by definition; fixtures/roc_fixture.py makes the file.
namespace realface::stages {
namespace {

constexpr double kQuantile = 1.959963984540054;

std::vector<Scored> scored(const nlohmann::json& one) {
  std::vector<Scored> scores;
  for (size_t i = 0; i < one.at("scores").size(); ++i) {
    scores.push_back({one["scores"][i].get<double>(), one["cluster"][i].get<int32_t>(), one["fake"][i] == 1});
  }
  return scores;
}

/// NaN if the fixture has nothing.
void expect_number(double ours, const nlohmann::json& expected, const char* key) {
  if (!expected.contains(key) || expected[key].is_null()) {
    EXPECT_TRUE(std::isnan(ours)) << key << " is " << ours;
  } else {
    EXPECT_NEAR(ours, expected[key].get<double>(), 1e-12) << key;
  }
}

class RocFixture : public testing::Test {
 protected:
  nlohmann::json cases_ = nlohmann::json::parse(std::ifstream(REALFACE_FIXTURES "/roc_fixture.json"));
};

TEST_F(RocFixture, MetricsEqualTheOracles) {
  ASSERT_EQ(cases_.size(), 300U);
  for (size_t i = 0; i < cases_.size(); ++i) {
    SCOPED_TRACE(i);
    auto scores = scored(cases_[i]);
    const auto& expected = cases_[i]["expected"];
    const auto metrics = roc_metrics(scores);
    expect_number(metrics.auc, expected, "auc");
    expect_number(metrics.ap, expected, "ap");
    expect_number(metrics.eer, expected, "eer");
    expect_number(metrics.eer_nearest, expected, "eer_nearest");
    expect_number(metrics.acc, expected, "acc");
    EXPECT_EQ(metrics.real + metrics.fake, static_cast<int64_t>(scores.size()));
    EXPECT_EQ(metrics.reason.empty(), !std::isnan(metrics.auc_low));
  }
}

TEST_F(RocFixture, TheIntervalIsDeLongsOverClusters) {
  for (size_t i = 0; i < cases_.size(); ++i) {
    SCOPED_TRACE(i);
    auto scores = scored(cases_[i]);
    const auto& expected = cases_[i]["expected"];
    const auto metrics = roc_metrics(scores);
    if (!expected.contains("variance") || expected["variance"].is_null()) {
      EXPECT_TRUE(std::isnan(metrics.auc_low) && std::isnan(metrics.auc_high));
      continue;
    }
    const double half = kQuantile * std::sqrt(expected["variance"].get<double>());
    EXPECT_NEAR(metrics.auc_low, std::max(0.0, metrics.auc - half), 1e-9);
    EXPECT_NEAR(metrics.auc_high, std::min(1.0, metrics.auc + half), 1e-9);
  }
}

TEST_F(RocFixture, TheAreaUnderTheCurveIsTheAuc) {
  for (size_t i = 0; i < cases_.size(); ++i) {
    SCOPED_TRACE(i);
    auto scores = scored(cases_[i]);
    const auto curve = roc_curve(scores);
    const double auc = roc_metrics(scores).auc;
    ASSERT_EQ(curve.empty(), std::isnan(auc));
    if (curve.empty()) { continue; }
    double area = 0;
    for (size_t j = 1; j < curve.size(); ++j) {
      area += (curve[j].fpr - curve[j - 1].fpr) * (curve[j].tpr + curve[j - 1].tpr) / 2;
    }
    EXPECT_NEAR(area, auc, 1e-12);
  }
}

TEST_F(RocFixture, PairedComparisonIsDeLongs) {
  size_t compared = 0;
  for (const auto& one : cases_) {
    const auto& expected = one["expected"];
    if (!expected.contains("other")) { continue; }
    const auto a = one["scores"].get<std::vector<double>>(), b = expected["other"].get<std::vector<double>>();
    std::vector<bool> fake;
    for (const auto& label : one["fake"]) { fake.push_back(label == 1); }
    const auto result = compare_auc(a, b, fake);
    EXPECT_NEAR(result.auc_a, expected["auc"].get<double>(), 1e-12);
    EXPECT_NEAR(result.auc_b, expected["other_auc"].get<double>(), 1e-12);
    const double deviation = std::sqrt(expected["paired_variance"].get<double>());
    EXPECT_NEAR(result.high - result.low, 2 * kQuantile * deviation, 1e-9);
    if (deviation > 1e-6) {
      EXPECT_NEAR(result.p, std::erfc(std::abs(result.auc_b - result.auc_a) / deviation / std::sqrt(2.0)), 1e-9);
    }
    ++compared;
  }
  EXPECT_GT(compared, 100U);
}

TEST(Roc, AScorerThatSaysOneThingHasAnErrorRateOfAHalf) {
  std::vector<Scored> scores{{0.3, 0, false}, {0.3, 1, true}, {0.3, 2, false}, {0.3, 3, true}};
  const auto metrics = roc_metrics(scores);
  EXPECT_EQ(metrics.auc, 0.5);
  EXPECT_EQ(metrics.eer, 0.5);
  EXPECT_EQ(metrics.eer_nearest, 0.0) << "scikit-learn's curve says so";
  EXPECT_EQ(metrics.acc, 0.5);
}

TEST(Roc, TheCurveTakesEqualScoresAsOneStep) {
  const std::vector<Scored> scores{{0.2, 0, false}, {0.9, 1, true}, {0.5, 2, false}, {0.5, 3, true}};
  std::vector<std::pair<double, double>> points;
  for (const auto& point : roc_curve(scores)) { points.emplace_back(point.fpr, point.tpr); }
  EXPECT_THAT(points, testing::ElementsAre(testing::Pair(0, 0), testing::Pair(0, 0.5), testing::Pair(0.5, 1),
                                           testing::Pair(1, 1)));
}

TEST(Roc, NoCurveWithoutBothClasses) {
  EXPECT_TRUE(roc_curve({}).empty());
  EXPECT_TRUE(roc_curve(std::vector<Scored>{{0.2, 0, false}, {0.9, 1, false}}).empty());
  EXPECT_TRUE(roc_curve(std::vector<Scored>{{0.2, 0, true}}).empty());
  EXPECT_THROW((void)roc_curve(std::vector<Scored>{{std::nan(""), 0, false}}), Error);
}

TEST(Roc, SaysWhatIsMissing) {
  std::vector<Scored> reals{{0.1, 0, false}, {0.2, 1, false}};
  EXPECT_EQ(roc_metrics(reals).reason, "no fake videos");
  EXPECT_EQ(roc_metrics({}).reason, "no scores");
  std::vector<Scored> few{{0.1, 0, false}, {0.2, 1, true}};
  EXPECT_THAT(roc_metrics(few).reason, testing::HasSubstr("two videos"));
  std::vector<Scored> broken{{std::nan(""), 0, false}};
  EXPECT_THROW((void)roc_metrics(broken), Error);
  const std::vector<double> one{0.5};
  EXPECT_THROW((void)compare_auc(one, one, {true}), Error);
}

/// Frames of one video are near-copies: as independent scores they would claim a far narrower interval.
TEST(Roc, CopiesOfAVideoDoNotNarrowTheInterval) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> noise;
  std::vector<Scored> videos, frames;
  for (int32_t video = 0; video < 60; ++video) {
    const double score = noise(random) + (video % 2 == 0 ? 1 : 0);
    videos.push_back({score, video, video % 2 == 0});
    for (int frame = 0; frame < 30; ++frame) { frames.push_back(videos.back()); }
  }
  const auto of_videos = roc_metrics(videos), of_frames = roc_metrics(frames);
  EXPECT_NEAR(of_frames.auc, of_videos.auc, 1e-12);
  EXPECT_NEAR(of_frames.auc_high - of_frames.auc_low, of_videos.auc_high - of_videos.auc_low, 1e-9);
}

}  // namespace
}  // namespace realface::stages
