#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "data/importers/collector.h"
#include "data/importers/list_files.h"
#include "data/importers/summary.h"
#include "tests/data/importers/trees.h"
#include "tests/temporary_folder.h"

namespace realface::data::importers {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(Place, FollowsTheListsUnlessToldOtherwise) {
  EXPECT_EQ(place("", {"val", ""}, 1).split, "val");
  EXPECT_EQ(place("", {"", "no list"}, 1).why, "no list");
  EXPECT_EQ(place("test", {"train", ""}, 1).split, "test");
  EXPECT_EQ(place("train", {"val", ""}, 1).split, "train");
  EXPECT_EQ(place("train", {"", "in none of the lists"}, 1).split, "train");
  EXPECT_EQ(place("train", {"", "no list", false}, 1).split, "");
  EXPECT_EQ(place("val", {"", "no list", false}, 1).why, "no list");
  EXPECT_EQ(place("test", {"", "no list", false}, 1).split, "test");
  EXPECT_EQ(place("hash", {"test", ""}, 7).split, split_by_group(7));
}

TEST(Place, NeverTrainsOnWhatIsHeldOutForTesting) {
  for (const auto* wanted : {"train", "val"}) {
    const Official placed = place(wanted, {"test", ""}, 1);
    EXPECT_EQ(placed.split, "");
    EXPECT_THAT(placed.why, HasSubstr(std::string("never ").append(wanted)));
  }
}

TEST(Place, HoldsOutOnlyOfTrain) {
  int val = 0;
  for (int64_t group = 0; group < 1000; ++group) {
    val += place("holdout", {"train", ""}, group).split == "val";
    EXPECT_EQ(place("holdout", {"test", ""}, group).split, "test");
  }
  EXPECT_NEAR(val, 100, 48);  // five standard deviations
}

TEST(DatasetName, AcceptsOtherSpellings) {
  EXPECT_EQ(dataset_name("FF++"), "ffpp");
  EXPECT_EQ(dataset_name("Celeb_DF-v2"), "celeb-df-v2");
  EXPECT_EQ(dataset_name("CelebDF"), "celeb-df-v2");
  EXPECT_EQ(dataset_name("DeeperForensics-1.0"), "deeper-forensics");
  EXPECT_EQ(dataset_name("ForgeryNet"), "forgery-net");
  for (const auto& name : dataset_names()) { EXPECT_EQ(dataset_name(name), name); }
  EXPECT_THROW(dataset_name("celeb-df-v3"), UsageError);
}

TEST(Methods, AreChosenByNameInEveryDataset) {
  TemporaryFolder folder;
  folder.write("original_videos/a.mp4");
  folder.write("method_A/b.mp4");
  folder.write("method_B/c.mp4");
  folder.write("dataset.json", R"({"original_videos/a.mp4": {"label": "real", "set": "train"},
                                   "method_A/b.mp4": {"label": "fake", "set": "train"},
                                   "method_B/c.mp4": {"label": "fake", "set": "test"}})");
  const auto with = [&](const std::string& method) { return options_with([&](auto& o) { o.methods = {method}; }); };
  EXPECT_EQ(import_dataset("dfdc-preview", folder.path(), with("method_B")).sources.size(), 2u);
  EXPECT_EQ(import_dataset("dfdc-preview", folder.path(), with("original")).sources.size(), 1u);
  EXPECT_THAT(import_failure("dfdc-preview", folder.path(), with("method_C")), HasSubstr("did you mean method_"));
}

TEST(ListFiles, GiveLinesWithTheirNumbers) {
  TemporaryFolder folder;
  std::vector<std::pair<int64_t, std::string>> lines;
  for_each_line(folder.write("list.txt", "one\r\n\n  three \nfour"),
                [&](int64_t number, std::string_view line) { lines.emplace_back(number, line); });
  EXPECT_THAT(lines, ElementsAre(std::pair<int64_t, std::string>(1, "one"), std::pair<int64_t, std::string>(3, "three"),
                                 std::pair<int64_t, std::string>(4, "four")));
  EXPECT_THAT(split_line("a  b c", ' '), ElementsAre("a", "b", "c"));
  EXPECT_THAT(split_line("a,, b", ','), ElementsAre("a", "", "b"));
  EXPECT_EQ(whole_number("007"), 7);
  for (const auto* text : {"", "-1", "1x", "1234567890"}) { EXPECT_EQ(whole_number(text), -1) << text; }
}

TEST(Summary, CountsBySplitClassAndMethodAndNamesWhatIsLeftOut) {
  TemporaryFolder folder;
  folder.write("Celeb-real/id0_0000.mp4", std::string(2048, 'x'));
  folder.write("Celeb-real/id1_0000.mp4");
  folder.write("Celeb-synthesis/id0_id1_0000.mp4");
  folder.write("Celeb-real/holiday.mp4");
  folder.write("List_of_testing_videos.txt", "1 Celeb-real/id1_0000.mp4\n1 Celeb-real/id2_0000.mp4\n");
  const std::string text = summary(import_dataset("celeb-df-v2", folder.path(), {}));
  EXPECT_THAT(text, testing::ContainsRegex("train +real +- +unknown +1 +1 +2\\.0 KiB"));
  EXPECT_THAT(text, testing::ContainsRegex("train +fake +Celeb-synthesis +unknown +1 +1 +0 B"));
  EXPECT_THAT(text, testing::ContainsRegex("test +real +- +unknown +1 +1"));
  EXPECT_THAT(text, testing::ContainsRegex("all +3 +3"));
  EXPECT_THAT(text, HasSubstr("2 leakage groups; 0 with masks, 1 with their original"));
  EXPECT_THAT(text, HasSubstr("2 could not be placed"));
  EXPECT_THAT(text, HasSubstr("holiday.mp4: its name is not"));
  EXPECT_THAT(text, HasSubstr("id2_0000.mp4: named by"));
  EXPECT_THAT(text, Not(HasSubstr("note:")));
}

TEST(Summary, NamesEveryFileWhereNoneCanBePlaced) {
  TemporaryFolder folder;
  folder.write("original_sequences/youtube/c23/videos/000.mp4");
  EXPECT_THAT(import_failure("ffpp", folder.path()), HasSubstr("no videos found"));
  const std::string text = summary(survey_dataset("ffpp", folder.path(), {}));
  EXPECT_THAT(text, testing::ContainsRegex("all +0 +0"));
  EXPECT_THAT(text, HasSubstr("000.mp4: there is no splits/{train,val,test}.json"));
}

}  // namespace
}  // namespace realface::data::importers
