#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/importers/celeb_df_list.h"
#include "tests/data/importers/trees.h"
#include "tests/temporary_folder.h"

namespace realface::data::importers {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class CelebDfImporter : public testing::Test {
 protected:
  CelebDfImporter() {
    for (const auto* name : {"Celeb-real/id0_0000", "Celeb-real/id16_0003", "YouTube-real/00001",
                             "Celeb-synthesis/id0_id16_0000", "Celeb-synthesis/id16_id0_0003"}) {
      folder.write(std::string(name).append(".mp4"), "xyz");
    }
    list("1 YouTube-real/00001.mp4\n");
  }
  void list(const std::string& text) { folder.write("List_of_testing_videos.txt", text); }
  Listing import(const ImportOptions& options = {}) { return import_dataset("celeb-df-v2", folder.path(), options); }

  TemporaryFolder folder;
};

TEST_F(CelebDfImporter, ReadsPersonsAndOriginalsFromNames) {
  const auto listing = import();
  EXPECT_TRUE(listing.unplaced.empty());
  const Source& fake = source_of(listing, "celeb-df-v2/Celeb-synthesis/unknown/id0_id16_0000");
  EXPECT_EQ(fake.identity, 0);
  EXPECT_EQ(fake.partner, 16);
  EXPECT_EQ(fake.manip, "Celeb-synthesis");
  EXPECT_EQ(fake.bytes, 3);
  EXPECT_THAT(fake.original_path, EndsWith("Celeb-real/id0_0000.mp4"));
  const Source& real = source_of(listing, "celeb-df-v2/Celeb-real/unknown/id0_0000");
  EXPECT_EQ(real.manip, "");
  EXPECT_EQ(real.group, fake.group);
  EXPECT_NE(real.group, source_of(listing, "celeb-df-v2/Celeb-real/unknown/id16_0003").group);
  EXPECT_EQ(source_of(listing, "celeb-df-v2/YouTube-real/unknown/00001").identity, -1);
}

TEST_F(CelebDfImporter, TakesTheLevelOfVideosThatSomeToolsAdd) {
  folder.write("Celeb-real/videos/id5_0000.mp4");
  folder.write("Celeb-real/videos/id0_0000.mp4");
  folder.write("Celeb-real/frames/id0_0000.png");
  const auto listing = import();
  EXPECT_THAT(source_of(listing, "celeb-df-v2/Celeb-real/unknown/id5_0000").path, EndsWith("videos/id5_0000.mp4"));
  EXPECT_THAT(reason_for(listing, "id0_0000.mp4"), HasSubstr("which is taken"));
  EXPECT_THAT(reason_for(listing, "frames"), HasSubstr("a folder"));
}

TEST_F(CelebDfImporter, TrainsOnNothingWithoutTheListOfWhatIsHeldOut) {
  std::filesystem::remove(folder.path() / "List_of_testing_videos.txt");
  EXPECT_THAT(import_failure("celeb-df-v2", folder.path(), options_with([](auto& o) { o.split = "train"; })),
              HasSubstr("List_of_testing_videos.txt"));
  EXPECT_EQ(import(options_with([](auto& o) { o.split = "hash"; })).sources.size(), 5u);
}

TEST_F(CelebDfImporter, ListsFoldersThatAreAlmostItsOwn) {
  folder.write("Youtube-real/00002.mp4");
  EXPECT_THAT(reason_for(import(), "Youtube-real"), HasSubstr("is none of Celeb-real/, YouTube-real/"));
}

TEST_F(CelebDfImporter, ListsWhatItCannotPlaceAndWhatIsAbsent) {
  folder.write("Celeb-real/holiday.mp4");
  folder.write("Celeb-synthesis/id0_0000.mp4");
  folder.write("YouTube-real/readme.txt");
  list("1 YouTube-real/00001.mp4\n1 YouTube-real/99999.mp4");
  const auto listing = import();
  EXPECT_EQ(listing.sources.size(), 5u);
  EXPECT_THAT(reason_for(listing, "holiday.mp4"), HasSubstr("not that of a video of Celeb-real"));
  EXPECT_THAT(reason_for(listing, "id0_0000.mp4"), HasSubstr("Celeb-synthesis"));
  EXPECT_THAT(reason_for(listing, "readme.txt"), HasSubstr("not a video"));
  EXPECT_THAT(reason_for(listing, "99999.mp4"), HasSubstr("List_of_testing_videos.txt but absent"));
}

TEST_F(CelebDfImporter, PlacesNothingWithoutTheListUnlessToldHow) {
  std::filesystem::remove(folder.path() / "List_of_testing_videos.txt");
  EXPECT_THAT(import_failure("celeb-df-v2", folder.path()), HasSubstr("there is no List_of_testing_videos.txt"));
  EXPECT_EQ(import(options_with([](auto& o) { o.split = "hash"; })).sources.size(), 5u);
}

TEST_F(CelebDfImporter, HoldsATenthOfTheTrainingGroupsOutAsVal) {
  for (int i = 0; i < 1000; ++i) {
    const std::string number = std::to_string(10000 + i);
    folder.write("Celeb-real/id3_" + number + ".mp4");
    folder.write("Celeb-synthesis/id3_id4_" + number + ".mp4");
  }
  const auto splits = splits_of(import(options_with([](auto& o) { o.split = "holdout"; })));
  int val = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string number = std::to_string(10000 + i);
    const std::string real = splits.at("celeb-df-v2/Celeb-real/unknown/id3_" + number);
    EXPECT_EQ(real, splits.at("celeb-df-v2/Celeb-synthesis/unknown/id3_id4_" + number));
    EXPECT_NE(real, "test");
    val += real == "val";
  }
  EXPECT_NEAR(val, 100, 48);  // five standard deviations
  EXPECT_EQ(splits.at("celeb-df-v2/YouTube-real/unknown/00001"), "test");
}

TEST_F(CelebDfImporter, RefusesAMalformedLineWithItsNumber) {
  for (const auto* text :
       {"1 YouTube-real/00001.mp4\nnonsense", "1 YouTube-real/00001.mp4\n2 Celeb-real/id0_0000.mp4",
        "1 YouTube-real/00001.mp4\n1 Elsewhere/id0_0000.mp4", "1 YouTube-real/00001.mp4\n1 YouTube-real/00001.mp4"}) {
    list(text);
    EXPECT_THAT(import_failure("celeb-df-v2", folder.path()), HasSubstr("List_of_testing_videos.txt:2]")) << text;
  }
}

TEST_F(CelebDfImporter, RefusesAFolderThatIsNoSuchTree) {
  TemporaryFolder other;
  other.write("x.mp4");
  EXPECT_THAT(import_failure("celeb-df-v2", other.path()), HasSubstr("is not a Celeb-DF tree"));
}

TEST_F(CelebDfImporter, KeepsTheFirstVersionApart) {
  const auto splits = splits_of(import_dataset("Celeb_DF-v1", folder.path(), {}));
  EXPECT_TRUE(splits.contains("celeb-df-v1/Celeb-real/unknown/id0_0000"));
}

TEST(CelebDfList, OfTheSecondVersionHolds178RealAnd340FakeVideos) {
  const auto path = test_data("lists/celeb_df_v2_List_of_testing_videos.txt");
  if (path.empty()) { GTEST_SKIP() << "no lists/ in REALFACE_TEST_DATA"; }
  std::map<std::string, int> counts;
  int fakes = 0;
  const auto entries = read_celeb_df_list(path);
  for (const auto& entry : entries) {
    ++counts[entry.folder];
    fakes += celeb_df_label(entry.folder);
  }
  EXPECT_EQ(entries.size(), 518u);
  EXPECT_EQ(fakes, 340);
  EXPECT_EQ(counts["Celeb-real"], 108);
  EXPECT_EQ(counts["YouTube-real"], 70);
  EXPECT_EQ(entries.back().stem, "id17_id2_0003");
}

}  // namespace
}  // namespace realface::data::importers
