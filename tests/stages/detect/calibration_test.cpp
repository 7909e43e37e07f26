#include "stages/detect/calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/error.h"

namespace realface::stages {
namespace {

double sigmoid_of(double z) { return 1 / (1 + std::exp(-z)); }

/// Scores whose log-odds are `times` too large for what they know: z of class y is drawn so that P(y | z) = sigmoid(z).
CalibrationVideos overconfident(double times, int count) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> about_fake(0.5, 1), about_real(-0.5, 1);  // log-odds of the Gaussians: z itself
  CalibrationVideos videos;
  for (int i = 0; i < count; ++i) {
    videos.fake.push_back(sigmoid_of(times * about_fake(random)));
    videos.real.push_back(sigmoid_of(times * about_real(random)));
  }
  return videos;
}

TEST(Calibration, FindsByHowMuchLogOddsAreTooLarge) {
  for (const double times : {0.5, 1.0, 3.0}) {
    EXPECT_NEAR(calibrate(overconfident(times, 20000), 0.05).temperature, times, 0.05 * times);
  }
}

TEST(Calibration, ATemperatureIsTheBestOfItsNeighbours) {
  const auto videos = overconfident(2, 50);
  const auto found = calibrate(videos, 0.2);
  const auto loss = [&](double temperature) {
    double sum = 0;
    for (const double p : videos.real) { sum -= std::log1p(-sigmoid_of(std::log(p / (1 - p)) / temperature)); }
    for (const double p : videos.fake) { sum -= std::log(sigmoid_of(std::log(p / (1 - p)) / temperature)); }
    return sum;
  };
  for (const double factor : {0.98, 1.02}) { EXPECT_LT(loss(found.temperature), loss(factor * found.temperature)); }
}

TEST(Calibration, KeepsItsErrorRatesOnNewVideos) {
  const auto all = overconfident(1, 20099);
  double false_positives = 0, tests = 0;
  for (size_t first = 0; first + 199 <= 20000; first += 199) {  // 99 to calibrate, 100 to test
    const auto part = [&](const std::vector<double>& scores) {
      return std::vector<double>(scores.begin() + static_cast<ptrdiff_t>(first),
                                 scores.begin() + static_cast<ptrdiff_t>(first) + 99);
    };
    const auto found = calibrate({part(all.real), part(all.fake)}, 0.1);
    for (size_t i = first + 99; i < first + 199; ++i) {
      false_positives += std::string(found.verdict(found.p_fake(all.real[i]))) == "fake" ? 1 : 0;
      ++tests;
    }
  }
  EXPECT_NEAR(false_positives / tests, 0.1, 0.01);  // 10,000 tests: a standard error of 0.003, and thresholds vary
}

TEST(Calibration, ThresholdsAreOrderStatistics) {
  // 9 reals at a rate of 0.2: the second largest, 0.6; 4 fakes: the smallest, 0.55.
  const auto found = calibrate({{0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.6, 0.8}, {0.9, 0.55, 0.7, 0.8}}, 0.2);
  EXPECT_NEAR(found.fake_above, found.p_fake(0.6), 1e-12);
  EXPECT_NEAR(found.real_below, found.p_fake(0.55), 1e-12);
  EXPECT_STREQ(found.verdict(found.p_fake(0.61)), "fake");
  EXPECT_STREQ(found.verdict(found.p_fake(0.6)), "uncertain");
  EXPECT_STREQ(found.verdict(found.p_fake(0.54)), "real");
}

TEST(Calibration, OfClassesThatLieApartLeavesNothingUncertain) {
  const auto found = calibrate({{0.1, 0.1, 0.2, 0.2}, {0.8, 0.8, 0.9, 0.9}}, 0.25);
  EXPECT_EQ(found.fake_above, found.real_below);
  EXPECT_STREQ(found.verdict(0.01), "real");
  EXPECT_STREQ(found.verdict(0.99), "fake");
  EXPECT_NEAR(found.temperature, 1 / 20.0, 1e-6);  // the sharpest that is allowed
}

TEST(Calibration, TooFewVideosOrNoneOfAClassAreRefused) {
  for (const auto& videos :
       {CalibrationVideos{{0.1, 0.2}, {0.9, 0.8, 0.7, 0.6}}, CalibrationVideos{{0.1, 0.2, 0.3}, {}}}) {
    try {
      calibrate(videos, 0.25);
      FAIL() << "it was calibrated";
    } catch (const DataError& error) { EXPECT_THAT(error.what(), testing::HasSubstr("there must be 3 at least")); }
  }
}

TEST(Calibration, SurvivesJsonAndScoresOfZeroAndOne) {
  auto found = calibrate({{0, 0.3, 1}, {0, 0.7, 1}}, 0.25);
  EXPECT_TRUE(std::isfinite(found.temperature));
  found.split = "val";
  const auto again = calibration_from(to_json(found));
  EXPECT_EQ(to_json(again), to_json(found));
  EXPECT_TRUE(to_json(Calibration()).is_null());
  EXPECT_FALSE(calibration_from(nullptr).known);
  EXPECT_EQ(Calibration().p_fake(0.3), 0.3);
  EXPECT_STREQ(Calibration().verdict(0.9), "");
}

}  // namespace
}  // namespace realface::stages
