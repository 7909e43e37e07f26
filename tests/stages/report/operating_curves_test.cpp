#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <regex>

#include "stages/report/page.h"
#include "stages/scores/results.h"
#include "tests/stages/report/page_checks.h"

/// The DET curve as it is drawn, read back by its own axes and the normal distribution's function.
namespace realface::stages::report {
namespace {

using Rates = std::pair<double, double>;  // of false positives and of false negatives

std::string page_of(const Scores& scores) {
  ReportInput input;
  input.run = "run";
  auto& part = input.parts.emplace_back();
  part.name = part.kind = "evaluate";
  part.scores = scores;
  part.results = results_of(scores);
  return render(input);
}

std::string chart_in(const std::string& page, const std::string& title) {
  const size_t begin = page.find("aria-label=\"" + title);
  return begin == std::string::npos ? "" : page.substr(begin, page.find("</svg>", begin) - begin);
}

/// By label, the coordinate of an axis' ticks.
std::map<std::string, double> ticks_of(const std::string& chart, const std::string& pattern) {
  std::map<std::string, double> places;
  const std::regex mark(pattern);
  for (std::sregex_iterator at(chart.begin(), chart.end(), mark), end; at != end; ++at) {
    places[(*at)[2]] = std::stod((*at)[1]);
  }
  return places;
}

/// From a coordinate to a rate, by the places of two rates.
struct DeviateAxis {
  std::map<std::string, double> marks;

  double rate(double place) const {
    constexpr double kDeviate95 = 1.6448536269514722;
    const double z = (place - marks.at("5")) / (marks.at("95") - marks.at("5")) * 2 * kDeviate95 - kDeviate95;
    return std::erfc(-z / std::sqrt(2)) / 2;
  }
};

struct DetChart {
  DeviateAxis x, y;
  std::vector<Rates> curve;

  explicit DetChart(const std::string& chart)
      : x{ticks_of(chart, "tick middle\" x=\"([0-9.]+)\"[^>]*>([^<]*)<")},
        y{ticks_of(chart, "tick end\" x=\"[0-9.]+\" y=\"([0-9.]+)\"[^>]*>([^<]*)<")} {
    for (auto* axis : {&x, &y}) { EXPECT_TRUE(axis->marks.contains("5") && axis->marks.contains("95")); }
    const std::string path = chart.substr(chart.find("line strong"));
    static const std::regex kPoint("([0-9.]+),([0-9.]+)");
    for (std::sregex_iterator at(path.begin(), path.end(), kPoint), end; at != end; ++at) {
      // Words stand 4 pixels below their line.
      curve.emplace_back(x.rate(std::stod((*at)[1])), y.rate(std::stod((*at)[2]) + 4));
    }
  }
};

VideoScore video(int number, int label, double p_fake) {
  return {"test", "ds", std::to_string(number), label == 1 ? "Swap" : "", label, 5, {p_fake}, p_fake};
}

TEST(DetCurve, StandsWhereItsAxesSay) {
  Scores scores{{"vit"}, {}};
  for (int i = 0; i < 10; ++i) { scores.videos.push_back(video(i, 0, 0.1 * i)); }
  for (int i = 0; i < 20; ++i) { scores.videos.push_back(video(10 + i, 1, i < 10 ? 0.85 : 0.35)); }
  const DetChart chart(chart_in(page_of(scores), "DET curve of test"));
  for (const auto& [label, place] : chart.x.marks) { EXPECT_NEAR(chart.x.rate(place), std::stod(label) / 100, 1e-3); }
  // From no alarm at all on; a rate of 0 is drawn at half a video, one of 1 as far from 1.
  const std::vector<Rates> expected{{0.05, 0.975}, {0.1, 0.975}, {0.1, 0.5},   {0.2, 0.5},   {0.3, 0.5},
                                    {0.4, 0.5},    {0.5, 0.5},   {0.6, 0.5},   {0.6, 0.025}, {0.7, 0.025},
                                    {0.8, 0.025},  {0.9, 0.025}, {0.95, 0.025}};
  ASSERT_EQ(chart.curve.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(chart.curve[i].first, expected[i].first, 2e-3) << i;
    EXPECT_NEAR(chart.curve[i].second, expected[i].second, 2e-3) << i;
  }
}

TEST(DetCurve, OfManyScoresHasFewPoints) {
  Scores scores{{"vit"}, {}};
  for (int i = 0; i < 20000; ++i) { scores.videos.push_back(video(i, i % 2, 0.3 * (i % 2) + i * 3e-5)); }
  const auto page = page_of(scores);
  EXPECT_EQ(nesting_fault(page), "");
  const DetChart chart(chart_in(page, "DET curve of test"));
  EXPECT_GT(chart.curve.size(), 200u);
  EXPECT_LT(chart.curve.size(), 2500u);
}

TEST(DetCurve, NeedsBothClassesAndIsDrawnOfTwoVideos) {
  EXPECT_EQ(chart_in(page_of({{"vit"}, {video(1, 0, 0.5), video(2, 0, 0.7)}}), "DET"), "");
  const auto page = page_of({{"vit"}, {video(1, 0, 0.5), video(2, 1, 0.7)}});
  EXPECT_EQ(nesting_fault(page), "");
  EXPECT_THAT(chart_in(page, "DET"),
              testing::Not(testing::AnyOf(testing::HasSubstr("nan"), testing::HasSubstr("inf"))));
}

}  // namespace
}  // namespace realface::stages::report
