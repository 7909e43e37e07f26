#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/importers/deeper_forensics_lists.h"
#include "tests/data/importers/trees.h"
#include "tests/temporary_folder.h"

namespace realface::data::importers {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class DeeperForensicsImporter : public testing::Test {
 protected:
  DeeperForensicsImporter() {
    for (const std::string variant : {"end_to_end", "end_to_end_mix_4_distortions"}) {
      for (const std::string name : {"000_M101", "001_W004", "002_M101"}) {
        folder.write("deeper/manipulated_videos/" + variant + "/" + name + ".mp4");
      }
    }
    list("train", "000_M101.mp4\n");
    list("val", "001_W004.mp4\n");
    list("test", "002_M101.mp4");
    for (const std::string id : {"000", "001", "002", "500"}) {
      folder.write("elsewhere/original_sequences/youtube/c23/videos/" + id + ".mp4");
    }
  }
  void list(const std::string& split, const std::string& text) {
    folder.write("deeper/lists/splits/" + split + ".txt", text);
  }
  Listing import() {
    const auto tree = (folder.path() / "elsewhere").string();
    return import_dataset("deeper-forensics", folder.path() / "deeper",
                          options_with([&](auto& o) { o.ffpp_root = tree; }));
  }
  std::string failure() { return import_failure("deeper-forensics", folder.path() / "deeper"); }

  TemporaryFolder folder;
};

TEST_F(DeeperForensicsImporter, TakesEveryVariantWithItsTargetAsOriginalAndAsReal) {
  const auto listing = import();
  EXPECT_TRUE(listing.unplaced.empty());
  ASSERT_EQ(listing.sources.size(), 9u);  // 2 x 3 fakes, 3 targets; 500 was not manipulated
  const Source& fake = source_of(listing, "deeper-forensics/end_to_end_mix_4_distortions/unknown/001_W004");
  EXPECT_EQ(fake.manip, "end_to_end_mix_4_distortions");
  EXPECT_EQ(fake.split, "val");
  EXPECT_EQ(fake.identity, 1);
  EXPECT_THAT(fake.original_path, EndsWith("c23/videos/001.mp4"));
  const Source& real = source_of(listing, "deeper-forensics/youtube/c23/001");
  EXPECT_EQ(real.split, "val");
  EXPECT_EQ(real.group, fake.group);
  EXPECT_EQ(real.identity, 1);
  const Source& other = source_of(listing, "deeper-forensics/end_to_end/unknown/000_M101");
  EXPECT_NE(other.partner, fake.partner);
  EXPECT_EQ(other.partner, source_of(listing, "deeper-forensics/end_to_end/unknown/002_M101").partner);
}

TEST_F(DeeperForensicsImporter, ListsWhatItCannotPlaceAndWhatIsAbsent) {
  std::filesystem::remove(folder.path() / "deeper/manipulated_videos/end_to_end/000_M101.mp4");
  std::filesystem::remove(folder.path() / "elsewhere/original_sequences/youtube/c23/videos/002.mp4");
  folder.write("deeper/manipulated_videos/end_to_end/007_M007.mp4");
  folder.write("deeper/manipulated_videos/end_to_end/007.mp4");
  folder.write("deeper/manipulated_videos/stray.mp4");
  const auto listing = import();
  EXPECT_THAT(reason_for(listing, "000_M101.mp4"), HasSubstr("train.txt but absent"));
  EXPECT_THAT(reason_for(listing, "002.mp4"), HasSubstr("target of a manipulated video"));
  EXPECT_THAT(reason_for(listing, "007_M007.mp4"), HasSubstr("is in none of lists/splits"));
  EXPECT_THAT(reason_for(listing, "stray.mp4"), HasSubstr("in no folder of a variant"));
}

TEST_F(DeeperForensicsImporter, LeavesARealOutWhoseFakesAreInTwoSplits) {
  list("test", "002_M101.mp4\n000_W004.mp4\n");
  folder.write("deeper/manipulated_videos/end_to_end/000_W004.mp4");
  EXPECT_THAT(reason_for(import(), "000.mp4"), HasSubstr("in several of lists/splits"));
}

TEST_F(DeeperForensicsImporter, RefusesListsThatAreDamaged) {
  list("test", "002_M101.mp4\n000_M101.mp4\n");
  EXPECT_THAT(failure(), HasSubstr("test.txt:2]"));
  EXPECT_THAT(failure(), HasSubstr("train.txt too"));
  list("test", "002_M101.mp4\n\n002-M101.mp4\n");
  EXPECT_THAT(failure(), HasSubstr("test.txt:3]"));
}

TEST_F(DeeperForensicsImporter, PlacesNothingWithoutListsUnlessToldHow) {
  std::filesystem::remove_all(folder.path() / "deeper/lists");
  EXPECT_THAT(failure(), HasSubstr("there is no lists/splits"));
}

TEST_F(DeeperForensicsImporter, RefusesATreeOfTargetsThatIsNone) {
  const auto none = (folder.path() / "deeper").string();
  EXPECT_THAT(
      import_failure("deeper-forensics", folder.path() / "deeper", options_with([&](auto& o) { o.ffpp_root = none; })),
      HasSubstr("--ffpp"));
}

TEST(DeeperName, IsATargetAndAnActor) {
  EXPECT_EQ(parse_deeper_name("012_W101")->target, "012");
  for (const auto* name : {"", "000", "000_", "000_M", "000_101", "x_M101", "000_M1x", "000_M99999"}) {
    EXPECT_FALSE(parse_deeper_name(name)) << name;
  }
}

}  // namespace
}  // namespace realface::data::importers
