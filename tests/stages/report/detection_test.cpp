#include <gtest/gtest.h>

#include <map>

#include "stages/report/html.h"
#include "stages/report/page.h"
#include "stages/scores/results.h"
#include "tests/stages/report/page_checks.h"

/// The section on the detector. Its figures are those of results.json, which tests/stages/scores hold against oracles.
namespace realface::stages::report {
namespace {

const std::string kOddKey = "ds/<&\"1";

VideoScore video(const std::string& key, const std::string& method, double p_fake) {
  return {"test", "ds", key, method, method.empty() ? 0 : 1, 5, {p_fake}, p_fake};
}

VideoScore faceless(const std::string& key) { return {"test", "ds", key, "", 0, 0, {}, kNaN}; }

/// Four reals and five fakes: 13 of 20 pairs are in order.
Scores some_scores() {
  return {{"vit"},
          {video("ds/r1", "", 0.12), video("ds/r2", "", 0.22), video("ds/r3", "", 0.32), video(kOddKey, "", 0.92),
           video("ds/f1", "Swap", 0.82), video("ds/f2", "Swap", 0.94), video("ds/f3", "Swap", 0.72),
           video("ds/f4", "<Warp>", 0.07), video("ds/f5", "<Warp>", 0.62), faceless("ds/none")}};
}

RunPart trained_part(const std::string& name) {
  RunPart part;
  part.name = part.kind = name;
  part.finished = true;
  for (int i = 1; i <= 5; ++i) {
    part.curve.emplace_back();
    part.curve.back().step = i;
    part.curve.back().loss = 1.0 / i;
    part.curve.back().learning_rate = 1e-3;
  }
  return part;
}

ReportInput system_of(const Scores& scores) {
  ReportInput input;
  input.run = "system";
  input.parts = {trained_part("pretrain"), trained_part("finetune")};
  auto& evaluation = input.parts.emplace_back();
  evaluation.name = evaluation.kind = "evaluate";
  evaluation.finished = true;
  evaluation.scores = scores;
  evaluation.results = results_of(scores);
  evaluation.results["frames"] = 5;
  evaluation.results["split"] = "test";
  return input;
}

TEST(Detection, SaysTheAucWithItsInterval) {
  const auto input = system_of(some_scores());
  const auto page = render(input);
  EXPECT_EQ(nesting_fault(page), "");
  const auto& all = input.parts.back().results["sets"]["test"]["video"]["all"];
  const auto interval = html::number(all["auc_low"]) + " to " + html::number(all["auc_high"]);
  EXPECT_TRUE(says(page, "is 0.650 (95 % interval " + interval + ")"));      // the lead
  EXPECT_TRUE(says(page, "<span class=\"value\">0.650</span>"));             // the tile
  EXPECT_TRUE(says(page, "AUC, 0.650 with the 95 % interval " + interval));  // the ROC curve
  EXPECT_TRUE(says(page, "<span class=\"value\">4 / 5</span>"));
  EXPECT_TRUE(says(page, "Each video of the test split got a score from 0 for real to 1 for fake, from 5 frames"));
}

TEST(Detection, SaysHowWellMasksWerePredicted) {
  auto input = system_of(some_scores());
  EXPECT_FALSE(says(render(input), "Where faces were tampered with"));
  const auto masks = [](double iou) {
    return nlohmann::json{
        {"fakes", {{"iou", iou}, {"iou_pooled", 0.625}, {"pbca", 0.75}, {"positive", 0.25}, {"frames", 10}}},
        {"all", {{"pbca", 0.875}, {"frames", 30}}},
        {"unknown", 2}};
  };
  input.parts.back().results["sets"]["test"]["localization"] = {{"all", masks(0.5)}, {"Swap", masks(0.375)}};
  const auto page = render(input);
  EXPECT_EQ(nesting_fault(page), "");
  for (const char* said : {"Where faces were tampered with", "0.375", "0.625", "75.0 %", "87.5 %", "25.0 %"}) {
    EXPECT_TRUE(says(page, said)) << said;
  }
}

TEST(Detection, ComesFirst) {
  const auto page = render(system_of(some_scores()));
  size_t before = page.find("class=\"lead\"");
  for (const char* next : {"id=\"detection\"", "id=\"training-1\"", "How the training went: finetune",
                           "id=\"provenance\"", "<h3>pretrain</h3>", "<h3>evaluate</h3>"}) {
    const size_t place = page.find(next);
    ASSERT_NE(place, std::string::npos) << next;
    EXPECT_LT(before, place) << next;
    before = place;
  }
  EXPECT_FALSE(says(page, "id=\"training-3\""));  // an evaluation trains nothing
  EXPECT_FALSE(says(page, "No faces were restored yet"));
}

TEST(Detection, StandsApartFromTheErrorOfRestoredFaces) {
  auto input = system_of(some_scores());
  input.reconstruction.emplace();
  input.reconstruction->split = "test";
  input.reconstruction->held_out = {20, 100, 14.0, 40.0, 35.0};
  input.reconstruction->classes = {{"real", 5, 20, 0.14, 0.12, 0.16, kNaN},
                                   {"fake/Swap", 5, 20, 0.2, 0.18, 0.22, 0.81}};
  const auto page = render(input);
  EXPECT_EQ(nesting_fault(page), "");
  EXPECT_TRUE(says(page, "Its autoencoder restores hidden parts of faces with 0.400 times"));
  EXPECT_TRUE(says(page, "it is not the detector's"));
  EXPECT_FALSE(says(page, "no detector was trained"));
  EXPECT_LT(page.find("id=\"detection\""), page.find("id=\"faces\""));
  EXPECT_LT(page.find("id=\"faces\""), page.find("id=\"training-1\""));
}

TEST(Detection, ListsEveryManipulationEscaped) {
  const auto page = render(system_of(some_scores()));
  EXPECT_TRUE(says(page, "<td>Swap</td><td class=\"figure\">0.833</td>"));          // 10 of 12 pairs
  EXPECT_TRUE(says(page, "<td>&lt;Warp&gt;</td><td class=\"figure\">0.375</td>"));  // 3 of 8
  EXPECT_TRUE(says(page, "<td>all together</td><td class=\"figure\">0.650</td>"));
}

TEST(Detection, NamesTheWorstMistakes) {
  auto scores = some_scores();
  for (int i = 0; i < 4; ++i) { scores.videos.push_back(video("ds/low" + std::to_string(i), "", 0.01)); }
  const auto page = render(system_of(scores));
  const auto real = page.find("<td>real</td><td>ds/&lt;&amp;&quot;1</td><td>–</td><td class=\"figure\">0.920</td>");
  const auto fake = page.find("<td>fake</td><td>ds/f4</td><td>&lt;Warp&gt;</td><td class=\"figure\">0.0700</td>");
  ASSERT_NE(real, std::string::npos);
  ASSERT_NE(fake, std::string::npos);
  EXPECT_LT(real, page.find("<td>ds/r3</td>"));
  EXPECT_LT(fake, page.find("<td>ds/f5</td>"));
  EXPECT_TRUE(says(page, "2 are on the wrong side of 0.5"));
  EXPECT_TRUE(says(page, "<td>ds/low0</td>"));
  EXPECT_FALSE(says(page, "<td>ds/low1</td>"));  // the sixth
  EXPECT_FALSE(says(page, kOddKey));
}

TEST(Detection, StatesTheOverlapOfTheScores) {
  // One bin of 20 has scores of both: a quarter of the reals and a fifth of the fakes.
  EXPECT_TRUE(says(render(system_of(some_scores())), "overlap in <strong>20.0 %</strong>"));
}

TEST(Detection, ShowsHowAlikeFacesAreBeforeAndAfterMapping) {
  auto input = system_of(some_scores());
  auto& set = input.parts.back().results["sets"]["test"];
  EXPECT_FALSE(says(render(input), "before and after mapping"));
  const nlohmann::json shares = {{"real", {0.0, 0.75, 0.25}}, {"fake", {0.5, 0.5, 0.0}}, {"overlap", 0.5}};
  set["similarity"] = {{"before", nullptr}, {"after", shares}};
  const auto page = render(input);
  EXPECT_TRUE(says(page, "Likeness to the original, before and after mapping"));
  EXPECT_FALSE(says(page, "restored face is"));
  EXPECT_TRUE(says(page, "mapped face is"));
  EXPECT_TRUE(says(page, "Real and fake overlap in <strong>50.0 %</strong>"));
}

TEST(Detection, CountsVideosWithoutAFace) {
  EXPECT_TRUE(says(render(system_of(some_scores())), "found in 1 real video and 0 fake videos"));
  auto scores = some_scores();
  scores.videos.pop_back();
  EXPECT_TRUE(says(render(system_of(scores)), "A usable face was found in every video"));
}

TEST(Detection, TellsOfSingleFramesWhereTheyWereScored) {
  auto input = system_of(some_scores());
  auto& set = input.parts.back().results["sets"]["test"];
  for (const auto& nothing : {nlohmann::json(), nlohmann::json({{"reason", "no branch scores single frames"}})}) {
    set["frame"] = nothing;
    EXPECT_FALSE(says(render(input), "Taken one by one"));
  }
  set["frame"]["all"] = {{"auc", 0.625}, {"auc_low", 0.5}, {"auc_high", 0.75}, {"acc", 0.5}};
  EXPECT_TRUE(says(render(input), "frames reach an AUC of 0.625 (95 % interval 0.500 to 0.750,"));
}

TEST(Detection, CountsTheVideosASecondThatWereScored) {
  auto input = system_of(some_scores());
  auto& line = input.parts.back().curve.emplace_back();
  line.samples = 9, line.seconds = 4;
  EXPECT_TRUE(says(render(input),
                   "<td>videos</td><td class=\"figure\">9</td><td class=\"figure\">4.0 s</td>"
                   "<td class=\"figure\">2.25</td>"));
}

TEST(Detection, SaysWhatAnOracleIs) {
  auto input = system_of(some_scores());
  EXPECT_FALSE(says(render(input), "oracle"));
  input.parts.back().results["sets"]["test"]["oracle"] = false;
  EXPECT_FALSE(says(render(input), "oracle"));
  for (const auto& mark : {nlohmann::json(true), nlohmann::json("the <step>"), nlohmann::json({{"step", 3}})}) {
    input.parts.back().results["sets"]["test"]["oracle"] = mark;
    const auto page = render(input);
    EXPECT_TRUE(says(page, "<strong>oracle</strong>: something of this detector"));
    EXPECT_EQ(nesting_fault(page), "");
  }
}

TEST(Detection, SaysInWordsWhatOneClassCannotTell) {
  const auto page = render(system_of({{"vit"}, {video("ds/r1", "", 0.1), video("ds/r2", "", 0.2)}}));
  EXPECT_EQ(nesting_fault(page), "");
  EXPECT_TRUE(says(page, "cannot be said of the videos that it scored"));
  EXPECT_TRUE(says(page, "AUC and EER cannot be said of this set: no fake videos."));
  EXPECT_TRUE(says(page, "There is one class only"));
  EXPECT_FALSE(says(page, "False alarms against fakes found"));
  EXPECT_FALSE(says(page, "By manipulation"));

  const auto few = render(system_of({{"vit"}, {video("ds/r1", "", 0.1), video("ds/f1", "Swap", 0.2)}}));
  EXPECT_TRUE(says(few, "The AUC has no interval: an interval needs two videos of each class."));
  const auto none = render(system_of({{"vit"}, {faceless("ds/none")}}));
  EXPECT_EQ(nesting_fault(none), "");
  EXPECT_TRUE(says(none, "AUC and EER cannot be said of this set: no scores."));
}

TEST(Detection, HasASectionForEachSet) {
  auto scores = some_scores();
  for (const auto& one : some_scores().videos) {
    scores.videos.push_back(one);
    scores.videos.back().set = "<other>";
  }
  auto input = system_of(scores);
  const auto page = render(input);
  EXPECT_EQ(nesting_fault(page), "");
  EXPECT_TRUE(says(page, "from real videos: &lt;other&gt;</h2>") && says(page, "from real videos: test</h2>"));
  EXPECT_TRUE(says(page, "on &lt;other&gt;, 0.650"));

  input.parts.push_back(input.parts.back());
  input.parts.back().name = "again";
  EXPECT_TRUE(says(render(input), "from real videos: again, test</h2>"));
}

TEST(Detection, ReadsResultsWithoutScoresAndScoresWithoutResults) {
  auto input = system_of(some_scores());
  input.parts.back().scores.reset();
  const auto without = render(input);
  EXPECT_EQ(nesting_fault(without), "");
  EXPECT_TRUE(says(without, "<span class=\"value\">0.650</span>"));
  EXPECT_FALSE(says(without, "Worst mistakes"));

  input = system_of(some_scores());
  input.parts.back().results = nullptr;
  const auto early = render(input);
  EXPECT_TRUE(says(early, "The evaluation has not finished"));
  EXPECT_TRUE(says(early, "<span class=\"value\">0.650</span>"));
  for (const nlohmann::json& odd : {nlohmann::json({{"sets", 3}}), nlohmann::json({{"sets", {{"test", nullptr}}}})}) {
    input.parts.back().results = odd;
    EXPECT_EQ(nesting_fault(render(input)), "");
  }
}

}  // namespace
}  // namespace realface::stages::report
