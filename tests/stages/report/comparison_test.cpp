#include "stages/report/comparison/comparison.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "base/error.h"
#include "stages/scores/compare.h"
#include "stages/scores/results.h"
#include "tests/stages/report/page_checks.h"

/// Figures are those of results.json and of compare_scores, which tests/stages/scores hold against oracles.
namespace realface::stages::report {
namespace {

VideoScore video(const std::string& set, int number, const std::string& method, double p_fake) {
  return {set, "ds", std::to_string(number), method, method.empty() ? 0 : 1, 5, {p_fake}, p_fake};
}

/// 10 real and 20 fake videos of two manipulations, the same in every call but for their scores.
Scores some_scores(const std::string& set, double noise) {
  Scores scores{{"vit"}, {}};
  for (int i = 0; i < 30; ++i) {
    const bool fake = i >= 10;
    const double p_fake = 0.3 + 0.3 * (fake ? 1 : 0) + noise * ((i * 7) % 11 - 5);
    scores.videos.push_back(video(set, i, fake ? (i < 20 ? "Swap" : "<Warp>") : "", p_fake));
  }
  return scores;
}

ReportInput run_of(const std::string& name, const Scores& scores) {
  ReportInput input;
  input.run = name;
  auto& part = input.parts.emplace_back();
  part.name = part.kind = "evaluate";
  part.scores = scores;
  part.results = results_of(scores);
  part.finished = true;
  part.provenance = {{"seed", "3"}};
  return input;
}

std::string signed_four(double value) { return fmt::format("{:+.4f}", value); }

TEST(Comparison, HasEveryDetectorsFiguresAndTheTestOfTheirDifference) {
  const auto a = some_scores("test", 0.02), b = some_scores("test", 0.06);
  const auto page = render_comparison({run_of("good", a), run_of("<worse>", b)});
  EXPECT_EQ(nesting_fault(page), "");
  EXPECT_FALSE(says(page, "<worse>"));
  EXPECT_TRUE(says(page, "<td>B</td><td>&lt;worse&gt;</td><td>vit</td><td>3</td>"));
  const auto compared = compare_scores({"a", a}, {"b", b});
  ASSERT_EQ(compared.rows.size(), 3u);
  for (const auto& row : compared.rows) {
    ASSERT_LT(row.auc.difference, 0);
    EXPECT_TRUE(says(page, signed_four(row.auc.difference) + "</td><td class=\"figure\">" + signed_four(row.auc.low) +
                               " to " + signed_four(row.auc.high) + "</td><td class=\"figure\">" +
                               fmt::format("{:.3g}</td>", row.auc.p)));
  }
  for (const char* words : {"A: good", "B: &lt;worse&gt;", "AUC of A", "&lt;Warp&gt;", "10 / 20"}) {
    EXPECT_TRUE(says(page, words)) << words;
  }
}

TEST(Comparison, DrawsALineOfItsOwnForEachDetector) {
  std::vector<ReportInput> runs;
  for (size_t i = 0; i < kMostRuns; ++i) {
    runs.push_back(run_of("r" + std::to_string(i), some_scores("test", 0.02 + 0.01 * static_cast<double>(i))));
  }
  const auto page = render_comparison(runs);
  for (size_t i = 0; i < kMostRuns; ++i) {
    const std::regex line("<path class=\"line run" + std::to_string(i) + "\""),
        sample("<line class=\"line run" + std::to_string(i) + "\"");
    for (const auto& what : {line, sample}) {  // in the ROC and in the DET chart
      EXPECT_EQ(std::distance(std::sregex_iterator(page.begin(), page.end(), what), {}), 2) << i;
    }
  }
}

TEST(Comparison, KeepsTheEndOfALongNameInTheLegend) {
  const auto page = render_comparison({run_of("out/éabcdef/evaluate", some_scores("test", 0.02)),
                                       run_of("out/the-other-one/evaluate", some_scores("test", 0.06))});
  EXPECT_TRUE(says(page, ">B: …her-one/evaluate</text>"));
  EXPECT_TRUE(says(page, ">A: …abcdef/evaluate</text>"));
}

TEST(Comparison, SaysOnWhichVideosItIsMade) {
  auto a = some_scores("test", 0.02), b = some_scores("test", 0.06);
  for (const auto& one : some_scores("<other>", 0.1).videos) { b.videos.push_back(one); }
  a.videos.erase(a.videos.begin(), a.videos.begin() + 3);
  const auto page = render_comparison({run_of("a", a), run_of("b", b)});
  EXPECT_EQ(nesting_fault(page), "");
  EXPECT_TRUE(says(page, "videos left out: 0 that only A scores, 3 that only B scores"));
  EXPECT_TRUE(says(page, "On the videos of &lt;other&gt;</h2>"));
  EXPECT_TRUE(says(page, "&lt;other&gt;: only B has it"));
  EXPECT_TRUE(says(page, "7 / 20"));
}

TEST(Comparison, MarksOraclesAndWhatIsNotFinished) {
  auto b = run_of("b", some_scores("test", 0.06));
  const auto plain = render_comparison({run_of("a", some_scores("test", 0.02)), b});
  EXPECT_FALSE(says(plain, "oracle") || says(plain, "not finished"));
  b.parts.front().results["sets"]["test"]["oracle"] = "the checkpoint of each branch";
  b.parts.front().finished = false;
  const auto page = render_comparison({run_of("a", some_scores("test", 0.02)), b});
  EXPECT_TRUE(says(page, "test: an oracle for B, whose checkpoints were chosen by these very videos"));
  EXPECT_TRUE(says(page, " (oracle)<br />"));
  EXPECT_TRUE(says(page, "<td>b (not finished)</td>"));
}

TEST(Comparison, NeedsScoresAndASetInCommon) {
  const auto a = run_of("a", some_scores("test", 0.02));
  auto none = run_of("none", {});
  none.parts.front().scores.reset();
  EXPECT_THROW(render_comparison({a, none}), DataError);
  EXPECT_THROW(render_comparison({a, run_of("b", some_scores("elsewhere", 0.02))}), Error);
}

TEST(Comparison, RefersToNothingOutsideItselfAndCaptionsItsTables) {
  const auto page = render_comparison({run_of("a", some_scores("test", 0.02)), run_of("b", some_scores("test", 0.06))});
  for (const char* never : {"<script", "<link", "http://", "https://", " src=", " href=", "url("}) {
    EXPECT_FALSE(says(page, never)) << never;
  }
  static const std::regex kTable("<table>"), kCaptioned("<table><caption>[^<]+</caption>");
  const auto count = [&page](const std::regex& what) {
    return std::distance(std::sregex_iterator(page.begin(), page.end(), what), {});
  };
  EXPECT_EQ(count(kTable), 4);  // the detectors, their AUC, all figures, the difference
  EXPECT_EQ(count(kCaptioned), 4);
}

}  // namespace
}  // namespace realface::stages::report
