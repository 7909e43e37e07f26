#include "stages/protocol/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "stages/scores/roc.h"

namespace realface::stages {
namespace {

using testing::HasSubstr;

VideoScore tested(const std::string& key, int label, const std::string& method, double vit, double mapping) {
  VideoScore video;
  video.set = "test", video.dataset = "d", video.video = key, video.method = method, video.label = label;
  video.branches = {vit, mapping};
  video.p_fake = (vit + mapping) / 2;
  return video;
}

/// Two reals, two fakes of A, two of B. By p_vit, A's AUC is `a` wins of 4, B's 1; p_mapping is the opposite: 0 wins.
Scores some_scores(double lowest_fake_of_a) {
  return {{"vit", "mapping"},
          {tested("r1", 0, "", 0.1, 1), tested("r2", 0, "", 0.4, 1), tested("a1", 1, "A", lowest_fake_of_a, 0),
           tested("a2", 1, "A", 0.9, 0), tested("b1", 1, "B", 0.8, 0), tested("b2", 1, "B", 0.9, 0)}};
}

const TestBlock kLeftOut = {{"A", "all but A", "test", "A"}, {"B", "all but B", "test", "B"}};

const TableLine& line_of(const std::vector<TableLine>& lines, const std::string& score, size_t which) {
  for (const auto& line : lines) {
    if (line.score == score && which-- == 0) { return line; }
  }
  throw std::out_of_range(score);
}

/// Seeds 1 and 2 give A 3/4 and 4/4, B 1 and 1.
TEST(ProtocolTable, MeansDeviationsAndCounts) {
  const CellScores scores = {{{1, "A"}, some_scores(0.3)},
                             {{2, "A"}, some_scores(0.5)},
                             {{1, "B"}, some_scores(0.3)},
                             {{2, "B"}, some_scores(0.3)}};
  const auto lines = table_lines("evaluate", {kLeftOut}, {1, 2}, scores);
  ASSERT_EQ(lines.size(), 9U) << "two methods and their mean, by p_fake and both branches";
  const auto& a = line_of(lines, "p_vit", 0);
  EXPECT_EQ(a.test.method, "A");
  EXPECT_EQ(a.real, 2);
  EXPECT_EQ(a.fake, 2);
  EXPECT_DOUBLE_EQ(a.auc, 0.875);
  EXPECT_NEAR(a.deviation, std::sqrt(2 * 0.125 * 0.125), 1e-12);
  // The placements' means over both seeds: of the fakes 3/4 and 1, of the reals 1 and 3/4; each has variance 1/32.
  EXPECT_NEAR(a.low, 0.875 - kNormal975 * std::sqrt(1.0 / 64 + 1.0 / 64), 1e-12);
  EXPECT_EQ(a.high, 1) << "cut off";
  ASSERT_EQ(a.seeds.size(), 2U);
  EXPECT_DOUBLE_EQ(a.seeds[0].auc, 0.75);
  EXPECT_DOUBLE_EQ(a.seeds[1].auc, 1);
  EXPECT_DOUBLE_EQ(a.eer, (0.5 + 0) / 2);
  const auto& mean = line_of(lines, "p_vit", 2);
  EXPECT_EQ(mean.mean_of, 2U);
  EXPECT_EQ(mean.test.set, "test");
  EXPECT_EQ(mean.test.trained_on, "") << "the lines differ";
  EXPECT_DOUBLE_EQ(mean.seeds[0].auc, (0.75 + 1) / 2);
  EXPECT_DOUBLE_EQ(mean.auc, (0.875 + 1) / 2);
  EXPECT_NEAR(mean.deviation, 0.125 / std::sqrt(2.0), 1e-12);
  EXPECT_DOUBLE_EQ(line_of(lines, "p_mapping", 1).auc, 0);
}

TEST(ProtocolTable, WhatIsNotFinishedIsEmpty) {
  const CellScores scores = {{{1, "A"}, some_scores(0.3)}, {{2, "A"}, some_scores(0.5)}, {{2, "B"}, some_scores(0.3)}};
  const auto lines = table_lines("evaluate", {kLeftOut}, {1, 2, 3}, scores);
  EXPECT_EQ(line_of(lines, "p_vit", 0).seeds.size(), 2U);
  EXPECT_EQ(line_of(lines, "p_vit", 1).seeds.size(), 1U);
  EXPECT_TRUE(std::isnan(line_of(lines, "p_vit", 1).deviation));
  const auto& mean = line_of(lines, "p_vit", 2);
  ASSERT_EQ(mean.seeds.size(), 1U) << "only seed 2 has both";
  EXPECT_EQ(mean.seeds[0].seed, 2U);
  const auto none = table_lines("evaluate", {kLeftOut}, {1}, {});
  ASSERT_EQ(none.size(), 3U);
  for (const auto& line : none) {
    EXPECT_TRUE(std::isnan(line.auc));
    EXPECT_TRUE(line.seeds.empty());
    EXPECT_TRUE(line_json(line).at("auc").is_null());
  }
}

TEST(ProtocolTable, OnlySomeLinesCountInAMean) {
  const CellScores scores = {{{1, "A"}, some_scores(0.3)}};
  const TestBlock one = {{"A", "A", "test", "A", /*in_mean=*/false}, {"A", "A", "test", "B"}};
  EXPECT_EQ(table_lines("e", {one}, {1}, scores).size(), 3U * 2U) << "a mean of one line is that line";
}

TEST(ProtocolTable, SaysWhyThereIsNoNumber) {
  const auto lines = table_lines("e", {{{"A", "A", "test", "C"}}}, {1}, {{{1, "A"}, some_scores(0.3)}});
  EXPECT_TRUE(std::isnan(lines.at(0).auc));
  EXPECT_EQ(lines.at(0).reason, "no fake videos");
  EXPECT_EQ(line_json(lines[0]).at("reason"), "no fake videos");
}

TEST(ProtocolTable, SeedsThatScoredOtherVideosHaveNoMean) {
  auto fewer = some_scores(0.3);
  fewer.videos.pop_back();
  const CellScores scores = {{{1, "B"}, some_scores(0.3)}, {{2, "B"}, fewer}};
  const auto lines = table_lines("evaluate", {kLeftOut}, {1, 2}, scores);
  EXPECT_TRUE(std::isnan(lines.at(1).auc));
  EXPECT_THAT(lines.at(1).seeds, testing::IsEmpty());
  EXPECT_THAT(lines.at(1).reason, HasSubstr("seed 2 scored other videos of set 'test'"));
  EXPECT_THAT(lines.at(1).reason, HasSubstr("remove RUN/2/B/evaluate"));
  EXPECT_EQ(lines.at(0).reason, "") << "a line that they do not concern";
}

}  // namespace
}  // namespace realface::stages
