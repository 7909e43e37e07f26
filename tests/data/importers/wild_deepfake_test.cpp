#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "tests/data/importers/archive_files.h"
#include "tests/data/importers/trees.h"
#include "tests/temporary_folder.h"

namespace realface::data::importers {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class WildDeepfakeImporter : public testing::Test {
 protected:
  void archive(const std::string& name, const ArchiveFiles& files) { write_archive(folder.path() / name, files); }
  Listing import() { return import_dataset("wild-deepfake", folder.path(), {}); }

  TemporaryFolder folder;
};

TEST_F(WildDeepfakeImporter, TakesEverySequenceOfAnArchiveAsAVideo) {
  archive("fake_train/12.tar.gz", {{"./12/fake/0/7.png", "seven"},
                                   {"./12/fake/0/19.png", "nineteen"},
                                   {"./12/fake/1/3.png", "3"},
                                   {"./12/fake/1/._3.png", "hidden"}});
  archive("real_test/12.tar.gz", {{"12/real/0/7.png", ""}});
  const auto listing = import();
  EXPECT_TRUE(listing.unplaced.empty());
  ASSERT_EQ(listing.sources.size(), 3u);
  const Source& fake = source_of(listing, "wild-deepfake/fake_train/unknown/12/0");
  EXPECT_EQ(fake.kind, SourceKind::archive);
  EXPECT_THAT(fake.path, EndsWith("fake_train/12.tar.gz"));
  EXPECT_EQ(fake.member, "12/fake/0");
  EXPECT_EQ(fake.files, 2);
  EXPECT_EQ(fake.bytes, 13);
  EXPECT_EQ(fake.label, 1);
  EXPECT_EQ(fake.split, "train");
  EXPECT_EQ(fake.group, source_of(listing, "wild-deepfake/fake_train/unknown/12/1").group);
  const Source& real = source_of(listing, "wild-deepfake/real_test/unknown/12/0");
  EXPECT_EQ(real.label, 0);
  EXPECT_EQ(real.manip, "");
  EXPECT_EQ(real.split, "test");
  EXPECT_NE(real.group, fake.group);
}

TEST_F(WildDeepfakeImporter, AcceptsSpacesAndUnderscoresAndTheFolderOfTheOtherCopy) {
  archive("deepfake_in_the_wild/fake test/1.tar.gz", {{"1/fake/0/1.png", ""}});
  archive("deepfake_in_the_wild/real_train/2.tar", {{"2/real/0/1.png", ""}});
  const auto splits = splits_of(import());
  EXPECT_EQ(splits.at("wild-deepfake/fake_test/unknown/1/0"), "test");
  EXPECT_EQ(splits.at("wild-deepfake/real_train/unknown/2/0"), "train");
}

TEST_F(WildDeepfakeImporter, TakesFoldersThatAreUnpackedAlready) {
  folder.write("real_train/5/real/2/10.png", "ab");
  folder.write("real_train/5/real/2/20.png", "c");
  const auto listing = import();
  const Source& real = source_of(listing, "wild-deepfake/real_train/unknown/5/2");
  EXPECT_EQ(real.kind, SourceKind::frames);
  EXPECT_EQ(real.files, 2);
  EXPECT_EQ(real.bytes, 3);
}

TEST_F(WildDeepfakeImporter, LeavesADamagedArchiveOutAndTakesTheOthers) {
  archive("fake_train/1.tar.gz", {{"1/fake/0/1.png", std::string(50'000, 'x')}});
  archive("fake_train/2.tar.gz", {{"2/fake/0/1.png", ""}});
  const auto path = folder.path() / "fake_train/1.tar.gz";
  const std::string bytes = read_file(path);
  folder.write("fake_train/1.tar.gz", bytes.substr(0, bytes.size() / 2));
  const auto listing = import();
  EXPECT_EQ(listing.sources.size(), 1u);
  EXPECT_THAT(reason_for(listing, "1.tar.gz"), HasSubstr("is not a whole archive"));
}

TEST_F(WildDeepfakeImporter, ListsWhatItCannotPlace) {
  archive("fake_train/1.tar.gz",
          {{"1/fake/0/1.png", ""}, {"1/real/4/1.png", ""}, {"1/fake/1.png", ""}, {"1/fake/0/notes.txt", ""}});
  archive("fake_train/3.tar.gz", {{"3/", ""}});
  folder.write("fake_train/readme.md");
  folder.write("fake_val/1.tar.gz");
  folder.write("list.txt");
  const auto listing = import();
  EXPECT_EQ(listing.sources.size(), 1u);
  EXPECT_THAT(reason_for(listing, "4"), HasSubstr("calls itself real in fake_train"));
  EXPECT_THAT(reason_for(listing, "fake"), HasSubstr("expected pictures in folders such as 12/fake/3"));
  EXPECT_THAT(reason_for(listing, "notes.txt"), HasSubstr("not a picture"));
  EXPECT_THAT(reason_for(listing, "3.tar.gz"), HasSubstr("holds no pictures"));
  EXPECT_THAT(reason_for(listing, "readme.md"), HasSubstr("not an archive"));
  EXPECT_THAT(reason_for(listing, "fake_val"), HasSubstr("none of the four folders"));
  EXPECT_THAT(reason_for(listing, "list.txt"), HasSubstr("in none of the four folders"));
}

TEST_F(WildDeepfakeImporter, RefusesAFolderThatIsNoSuchTree) {
  folder.write("x.png");
  EXPECT_THAT(import_failure("wild-deepfake", folder.path()), HasSubstr("is not a WildDeepfake tree"));
}

}  // namespace
}  // namespace realface::data::importers
