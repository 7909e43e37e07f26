#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "data/importers/files.h"
#include "data/importers/importers.h"
#include "tests/data/importers/trees.h"
#include "tests/temporary_folder.h"

namespace realface::data::importers {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Default options but for what the function sets.
std::vector<std::string> keys(const Listing& listing) {
  std::vector<std::string> names;
  for (const auto& source : listing.sources) { names.push_back(source.key); }
  return names;
}

std::string failure(const std::string& dataset, const std::filesystem::path& root, const ImportOptions& options = {}) {
  try {
    import_dataset(dataset, root, options);
  } catch (const Error& error) { return error.what(); }
  return "";
}

TEST(FolderImporter, TakesVideosAndPicturesBelowInOrderAsRealAndTrain) {
  TemporaryFolder folder;
  folder.write("b/z.MP4");
  folder.write("a.avi");
  folder.write("a.mp4");
  folder.write("b/photo.jpg");
  folder.write("notes.txt");
  folder.write(".hidden/x.mp4");
  const auto listing = import_dataset("folder", folder.path(), {});
  EXPECT_THAT(keys(listing), ElementsAre("folder/a.avi", "folder/a.mp4", "folder/b/photo.jpg", "folder/b/z.MP4"));
  for (const auto& source : listing.sources) {
    EXPECT_EQ(source.label, 0);
    EXPECT_EQ(source.split, "train");
    EXPECT_EQ(source.manip, "");
  }
  ASSERT_EQ(listing.unplaced.size(), 1u);
  EXPECT_THAT(listing.unplaced[0].path, HasSubstr("notes.txt"));
}

TEST(FolderImporter, TakesASubfolderOfNumberedPicturesAsOneVideoInTheOrderOfNumbers) {
  TemporaryFolder folder;
  for (const auto* name : {"clip/f2.png", "clip/f10.png", "clip/f1.png"}) { folder.write(name, "xy"); }
  const auto listing = import_dataset("folder", folder.path(), {});
  ASSERT_THAT(keys(listing), ElementsAre("folder/clip"));
  EXPECT_EQ(listing.sources[0].kind, SourceKind::frames);
  EXPECT_EQ(listing.sources[0].files, 3);
  EXPECT_EQ(listing.sources[0].bytes, 6);
  std::vector<std::string> names;
  for (const auto& file : frame_files(folder.path() / "clip")) { names.push_back(file.filename()); }
  EXPECT_THAT(names, ElementsAre("f1.png", "f2.png", "f10.png"));
}

TEST(FolderImporter, TakesNumberedPicturesOfTheRootAsPhotographsUnlessToldOtherwise) {
  TemporaryFolder folder;
  folder.write("000.png");
  folder.write("001.png");
  EXPECT_EQ(import_dataset("folder", folder.path(), {}).sources.size(), 2u);
  EXPECT_EQ(
      import_dataset("folder", folder.path(), options_with([](auto& o) { o.pictures = "frames"; })).sources.size(), 1u);
}

TEST(FolderImporter, TakesEveryPictureAloneWhereAsked) {
  TemporaryFolder folder;
  folder.write("clip/000.png");
  folder.write("clip/001.png");
  EXPECT_EQ(
      import_dataset("folder", folder.path(), options_with([](auto& o) { o.pictures = "single"; })).sources.size(), 2u);
}

TEST(FolderImporter, FollowsALinkToAFolderAboveOnce) {
  TemporaryFolder folder;
  folder.write("a/x.mp4");
  std::filesystem::create_directory_symlink(folder.path(), folder.path() / "a" / "loop");
  EXPECT_THAT(keys(import_dataset("folder", folder.path(), {})), ElementsAre("folder/a/x.mp4"));
}

TEST(FolderImporter, SplitsByGroupInSharesOfEightyTenTen) {
  TemporaryFolder folder;
  for (int i = 0; i < 1000; ++i) { folder.write(std::to_string(i).append(".mp4")); }
  std::map<std::string, int> counts;
  for (const auto& source :
       import_dataset("folder", folder.path(), options_with([](auto& o) { o.split = "hash"; })).sources) {
    ++counts[source.split];
  }
  // Five standard deviations of a binomial of 1000.
  EXPECT_NEAR(counts["train"], 800, 64);
  EXPECT_NEAR(counts["val"], 100, 48);
  EXPECT_NEAR(counts["test"], 100, 48);
}

TEST(FolderImporter, SaysThatThereAreNoVideos) {
  TemporaryFolder folder;
  folder.write("readme.md");
  EXPECT_THAT(failure("folder", folder.path()), HasSubstr("no videos found"));
  EXPECT_THAT(failure("folder", folder.path() / "absent"), HasSubstr("does not exist"));
  EXPECT_THAT(failure("folder", folder.path() / "readme.md"), HasSubstr("is a file"));
}

TEST(FolderImporter, SetsAFileWhoseNameIsNotUtf8Aside) {
  TemporaryFolder folder;
  folder.write("good.mp4");
  folder.write("caf\xe9.mp4");
  const auto listing = import_dataset("folder", folder.path(), {});
  EXPECT_THAT(keys(listing), ElementsAre("folder/good.mp4"));
  ASSERT_EQ(listing.unplaced.size(), 1u);
  EXPECT_THAT(listing.unplaced[0].why, HasSubstr("UTF-8"));
}

TEST(FolderImporter, NamesTheNearestWordForATypo) {
  TemporaryFolder folder;
  EXPECT_THAT(failure("foldr", folder.path()), HasSubstr("did you mean folder?"));
  EXPECT_THAT(failure("folder", folder.path(), options_with([](auto& o) { o.split = "tran"; })),
              HasSubstr("did you mean train?"));
}

TEST(Keys, StayUniqueAndWithinSixtyThreeBytesWhenLong) {
  const std::string stem(80, 'x');
  const std::string a = bounded_key(stem + "1"), b = bounded_key(stem + "2");
  EXPECT_EQ(a.size(), 63u);
  EXPECT_NE(a, b);
  EXPECT_EQ(bounded_key("folder/short"), "folder/short");
  // A letter of two bytes is never cut in half.
  const std::string letters =
      bounded_key(std::string(41, 'y').append("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9").append(stem));
  EXPECT_NE(static_cast<unsigned char>(letters[letters.find('~') - 1]), 0xC3);
}

}  // namespace
}  // namespace realface::data::importers
