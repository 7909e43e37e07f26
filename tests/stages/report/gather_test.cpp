#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "stages/report/page.h"
#include "stages/scores/results.h"
#include "tests/stages/report/page_checks.h"

namespace realface::stages::report {
namespace {

class GatherReport : public testing::Test {
 protected:
  GatherReport() { std::filesystem::create_directories(folder_); }
  ~GatherReport() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories((folder_ / file).parent_path());
    std::ofstream(folder_ / file) << text;
  }

  /// Entries whose names are not in the order in which they ran, and a folder that is none.
  void write_system() const {
    write("pretrain/config.yaml", "stage: pretrain\nseed: 0\n");
    write("pretrain/metrics.jsonl", "{\"step\": 20, \"loss\": 0.5, \"learning_rate\": 1e-3, \"time\": 100}\n");
    write("pretrain/finished.json", "{}");
    write("b-finetune/config.yaml", "stage: finetune\n");
    write("b-finetune/metrics.jsonl", "{\"step\": 20, \"loss\": 0.7, \"learning_rate\": 1e-3, \"time\": 200}\n");
    write("a-evaluate/config.yaml", "stage: evaluate\n");
    write("a-evaluate/metrics.jsonl", "{\"step\": 1, \"loss\": 0.0, \"learning_rate\": 0.0, \"time\": 300}\n");
    write("aa-next/config.yaml", "stage: evaluate\n");
    write("prometheus/x.json", "{}");
  }

  const std::filesystem::path folder_ = std::filesystem::path(testing::TempDir()) / "report-gather";
};

Scores two_videos() {
  return {{"vit"}, {{"test", "ds", "ds/1", "", 0, 5, {0.25}, 0.25}, {"test", "ds", "ds/2", "Swap", 1, 5, {0.5}, 0.5}}};
}

TEST_F(GatherReport, RefusesAFolderWithoutARun) {
  EXPECT_THROW(gather(folder_), DataError);
  EXPECT_THROW(gather(folder_ / "nowhere"), DataError);
  write("metrics.jsonl", "{\"step\": 20, \"loss\": 0.5}\n{\"step\": 40, \"resumed_from\": 20}\n");
  const auto input = gather(folder_);
  EXPECT_EQ(input.run, "report-gather");
  ASSERT_EQ(input.parts.size(), 1u);
  EXPECT_EQ(input.parts[0].curve.size(), 2u);
  EXPECT_EQ(input.parts[0].resumed_at, std::vector<int64_t>{20});
  EXPECT_FALSE(input.parts[0].scores.has_value());
  EXPECT_TRUE(input.parts[0].results.is_null());
}

TEST_F(GatherReport, ReadsTheEntriesOfASystemInTheOrderInWhichTheyRan) {
  write_system();
  const auto scores = two_videos();
  write_scores(folder_ / "a-evaluate/scores.csv", scores);
  write("a-evaluate/results.json", results_of(scores).dump());
  Reconstruction restored;
  restored.split = "test";
  restored.provenance = {{"update", 20}};
  save_reconstruction(restored, folder_ / "pretrain");

  const auto input = gather(folder_);
  std::vector<std::string> names, kinds;
  for (const auto& part : input.parts) { names.push_back(part.name), kinds.push_back(part.kind); }
  EXPECT_THAT(names, testing::ElementsAre("pretrain", "b-finetune", "a-evaluate", "aa-next"));
  EXPECT_THAT(kinds, testing::ElementsAre("pretrain", "finetune", "evaluate", "evaluate"));
  EXPECT_TRUE(input.parts[0].finished && !input.parts[1].finished);
  EXPECT_TRUE(input.parts[0].trained() && input.parts[1].trained() && !input.parts[2].trained());
  EXPECT_EQ(input.parts[2].scores.value().videos.size(), 2u);
  EXPECT_EQ(input.parts[2].results, results_of(scores));
  EXPECT_TRUE(input.reconstruction.has_value());
  EXPECT_EQ(input.parts[0].provenance.back(), std::pair(std::string("restored with: update"), std::string("20")));

  const auto page = render(input);
  EXPECT_EQ(nesting_fault(page), "");
  EXPECT_TRUE(says(page, "How the training went: b-finetune (finetune), not finished"));
  EXPECT_FALSE(says(page, "How the training went: a-evaluate"));
}

TEST_F(GatherReport, ASystemWithoutAnEvaluationSaysSo) {
  write_system();
  const auto page = render(gather(folder_));
  EXPECT_EQ(nesting_fault(page), "");
  EXPECT_TRUE(says(page, "A system of 4 entries: pretrain, b-finetune (finetune), not finished"));
  EXPECT_TRUE(says(page, "No detector of it was evaluated yet"));
}

TEST_F(GatherReport, TakesTheFolderOfOneEntryByItself) {
  write_system();
  write_scores(folder_ / "a-evaluate/scores.csv", two_videos());
  const auto input = gather(folder_ / "a-evaluate/");
  EXPECT_EQ(input.run, "a-evaluate");
  ASSERT_EQ(input.parts.size(), 1u);
  const auto page = render(input);
  EXPECT_TRUE(says(page, "The evaluation has not finished"));
  EXPECT_FALSE(says(page, "How the training went"));

  write("a-evaluate/results.json", "{\"sets\": {");
  EXPECT_THROW(gather(folder_), DataError);
}

}  // namespace
}  // namespace realface::stages::report
