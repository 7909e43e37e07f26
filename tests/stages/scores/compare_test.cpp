#include "stages/scores/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace realface::stages {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

VideoScore scored_real(const std::string& key, double p_fake) {
  VideoScore video;
  video.set = "test", video.dataset = "ffpp", video.video = key, video.frames = 5, video.p_fake = p_fake;
  return video;
}

VideoScore scored_fake(const std::string& key, double p_fake, const std::string& method = "Deepfakes") {
  auto video = scored_real(key, p_fake);
  video.label = 1, video.method = method;
  return video;
}

VideoScore in_set(const std::string& set, VideoScore video) {
  video.set = set;
  return video;
}

using VideoScores = std::vector<VideoScore>;

Comparison compared_lists(const VideoScores& a, const VideoScores& b) {
  return compare_scores({"a.csv", {{}, a}}, {"b.csv", {{}, b}});
}

std::string refusal(const VideoScores& a, const VideoScores& b) {
  try {
    (void)compared_lists(a, b);
  } catch (const Error& error) { return error.what(); }
  return "nothing was thrown";
}

/// AUC 0.75: one fake is below one real.
const VideoScores kSome = {scored_real("r1", 0.1), scored_real("r2", 0.4), scored_fake("f1", 0.3),
                           scored_fake("f2", 0.9)};
/// The same videos, told apart.
const VideoScores kPerfect = {scored_real("r1", 0.2), scored_real("r2", 0.3), scored_fake("f1", 0.6),
                              scored_fake("f2", 0.7)};

/// The fakes' placements are 1/2 and 1 in a, the reals' 1 and 1/2; in b all are 1. So the differences of either class
/// are 0 and 1/2, their variance is 1/8, and that of the AUC's difference is 1/8 / 2 + 1/8 / 2 = 1/8.
TEST(Compare, EqualsTheTestByHand) {
  const auto comparison = compared_lists(kSome, kPerfect);
  ASSERT_EQ(comparison.rows.size(), 1U) << "one method is the whole set";
  const auto& row = comparison.rows[0];
  EXPECT_EQ(row.set, "test");
  EXPECT_EQ(row.real, 2);
  EXPECT_EQ(row.fake, 2);
  EXPECT_DOUBLE_EQ(row.auc.auc_a, 0.75);
  EXPECT_DOUBLE_EQ(row.auc.auc_b, 1);
  EXPECT_DOUBLE_EQ(row.auc.difference, 0.25);
  EXPECT_NEAR(row.auc.low, 0.25 - 1.959963984540054 * std::sqrt(0.125), 1e-12);
  EXPECT_NEAR(row.auc.high, 0.25 + 1.959963984540054 * std::sqrt(0.125), 1e-12);
  EXPECT_NEAR(row.auc.p, 0.479500122186953, 1e-12) << "z is the square root of a half";
  EXPECT_EQ(row.only_a + row.only_b + row.neither, 0);
  EXPECT_EQ(row.reason, "");
}

TEST(Compare, TheSameScoresDoNotDiffer) {
  const auto row = compared_lists(kSome, kSome).rows.at(0);
  EXPECT_EQ(row.auc.difference, 0);
  EXPECT_EQ(row.auc.p, 1);
  EXPECT_EQ(row.reason, "");
}

TEST(Compare, PairsByKeyInAnyOrder) {
  auto turned = kPerfect;
  std::ranges::reverse(turned);
  EXPECT_EQ(comparison_json(compared_lists(kSome, turned)), comparison_json(compared_lists(kSome, kPerfect)));
}

TEST(Compare, CountsWhatOneFileAloneScores) {
  auto a = kSome, b = kPerfect;
  a.push_back(scored_fake("unknown to b", 0.5));
  a.push_back(scored_real("faceless in b", 0.5)), b.push_back(scored_real("faceless in b", kNaN));
  a.push_back(scored_real("faceless in a", kNaN)), b.push_back(scored_real("faceless in a", 0.5));
  a.push_back(scored_real("faceless", kNaN)), b.push_back(scored_real("faceless", kNaN));
  b.push_back(scored_fake("r1", 0.5)), b.back().dataset = "dfdc";
  b.push_back(scored_real("r1", 0.5)), b.back().dataset = "celeb-df";
  const auto row = compared_lists(a, b).rows.at(0);
  EXPECT_EQ(row.real, 2);
  EXPECT_EQ(row.fake, 2);
  EXPECT_EQ(row.only_a, 2);
  EXPECT_EQ(row.only_b, 3);
  EXPECT_EQ(row.neither, 1);
  EXPECT_DOUBLE_EQ(row.auc.difference, 0.25) << "they are left out";
}

TEST(Compare, RefusesAVideoOfTwoClasses) {
  auto b = kPerfect;
  b[1] = scored_fake("r2", 0.3);
  EXPECT_THAT(refusal(kSome, b), AllOf(HasSubstr("[a.csv] and [b.csv]"), HasSubstr("'r2'"), HasSubstr("set 'test'"),
                                       HasSubstr("real in the first, fake/Deepfakes in the second")));
  b = kPerfect;
  b[2].method = "FaceSwap", b[2].p_fake = kNaN;
  EXPECT_THAT(refusal(kSome, b), AllOf(HasSubstr("'f1'"), HasSubstr("fake/Deepfakes"), HasSubstr("fake/FaceSwap")));
}

TEST(Compare, SaysWhyASetCannotBeCompared) {
  const VideoScores reals = {scored_real("r1", 0.1), scored_real("r2", 0.4)};
  const auto comparison = compared_lists(reals, reals);
  EXPECT_THAT(comparison.rows.at(0).reason, HasSubstr("two fake videos that both files score; there are 2 real and 0"));
  const auto json = comparison_json(comparison);
  const auto& all = json["sets"]["test"]["all"];
  for (const auto* key : {"auc_a", "auc_b", "difference", "difference_low", "difference_high", "p"}) {
    EXPECT_TRUE(all.at(key).is_null()) << key;
  }
  EXPECT_EQ(all.at("reason"), comparison.rows[0].reason);
  EXPECT_EQ(all.at("real"), 2);
}

/// From a coin to certainty every placement rises by a half: the variance is 0, which is no proof of equality.
TEST(Compare, HasNoPValueWithoutVariance) {
  auto coin = kPerfect;
  for (auto& video : coin) { video.p_fake = 0.5; }
  const auto row = compared_lists(coin, kPerfect).rows.at(0);
  EXPECT_EQ(row.auc.difference, 0.5);
  EXPECT_TRUE(std::isnan(row.auc.p) && std::isnan(row.auc.low) && std::isnan(row.auc.high));
  EXPECT_THAT(row.reason, HasSubstr("variance is 0"));
}

TEST(Compare, MethodsAreComparedWithAllRealsOfTheirSet) {
  auto a = kSome, b = kPerfect;
  for (auto* videos : {&a, &b}) {
    videos->push_back(scored_fake("s1", 0.05, "FaceSwap"));
    videos->push_back(scored_fake("s2", 0.05, "FaceSwap"));
    videos->push_back(scored_fake("n1", 0.5, "NeuralTextures"));
    videos->push_back(scored_fake("x1", 0.5, ""));
  }
  const auto json = comparison_json(compared_lists(a, b));
  const auto& rows = json["sets"]["test"];
  EXPECT_EQ(rows.size(), 4U) << rows;
  EXPECT_EQ(rows["all"]["fake"], 6);
  EXPECT_DOUBLE_EQ(rows["Deepfakes"]["auc_a"].get<double>(), 0.75);
  EXPECT_EQ(rows["Deepfakes"]["real"], 2);
  EXPECT_EQ(rows["FaceSwap"]["auc_b"], 0.0);
  EXPECT_EQ(rows["FaceSwap"]["p"], 1.0);
  EXPECT_THAT(rows["NeuralTextures"]["reason"].get<std::string>(), HasSubstr("2 real and 1 fake"));
}

TEST(Compare, NamesTheSetsOfOneFileAlone) {
  auto a = kSome, b = kPerfect;
  a.push_back(in_set("celeb-df", scored_real("r1", 0.1)));
  b.push_back(in_set("dfdc", scored_real("r1", 0.1)));
  const auto comparison = compared_lists(a, b);
  EXPECT_THAT(comparison.sets_only_a, ElementsAre("celeb-df"));
  EXPECT_THAT(comparison.sets_only_b, ElementsAre("dfdc"));
  EXPECT_EQ(comparison.rows.size(), 1U);
  EXPECT_EQ(comparison_json(comparison)["sets_only_b"], nlohmann::json::array({"dfdc"}));
  EXPECT_THAT(compared_lists(kSome, kPerfect).sets_only_a, IsEmpty());
}

TEST(Compare, RefusesFilesWithoutACommonSet) {
  EXPECT_THAT(refusal(kSome, {in_set("dfdc", scored_real("r1", 0.1)), in_set("val", scored_real("r1", 0.1))}),
              HasSubstr("[a.csv] has the set 'test' and [b.csv] has the sets 'dfdc', 'val'"));
  EXPECT_THAT(refusal({}, kSome), HasSubstr("[a.csv] has no set and"));
}

}  // namespace
}  // namespace realface::stages
