#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "data/importers/ffpp_lists.h"
#include "data/importers/importers.h"
#include "tests/data/importers/trees.h"
#include "tests/temporary_folder.h"

namespace realface::data::importers {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

/// Default options but for what the function sets.
/// A small tree of empty files: two pairs, the same stem in two methods, masks for one of them.
class FfppImporter : public testing::Test {
 protected:
  FfppImporter() {
    for (const auto* id : {"000", "003", "071", "054"}) { real(id); }
    for (const auto* method : {"Deepfakes", "FaceSwap"}) {
      fake(method, "000_003");
      fake(method, "071_054");
    }
    folder.write("manipulated_sequences/Deepfakes/masks/videos/000_003.mp4");
    list("train", R"([["000","003"]])");
    list("val", R"([["071","054"]])");
    list("test", R"([["900","901"]])");
  }
  void real(const std::string& id) { folder.write("original_sequences/youtube/c23/videos/" + id + ".mp4", id); }
  void fake(const std::string& method, const std::string& stem) {
    folder.write("manipulated_sequences/" + method + "/c23/videos/" + stem + ".mp4", stem);
  }
  void list(const std::string& split, const std::string& text) { folder.write("splits/" + split + ".json", text); }
  Listing import(const ImportOptions& options = {}) { return import_dataset("ffpp", folder.path(), options); }
  const Source& at(const Listing& listing, const std::string& key) {
    const auto found = std::ranges::find(listing.sources, key, &Source::key);
    if (found == listing.sources.end()) { throw Error("no " + key); }
    return *found;
  }
  std::string failure(const ImportOptions& options = {}) {
    try {
      import(options);
    } catch (const Error& error) { return error.what(); }
    return "";
  }

  TemporaryFolder folder;
};

TEST_F(FfppImporter, KeepsTheSameStemOfTwoMethodsApartAndTheZerosOfIds) {
  const auto listing = import();
  EXPECT_EQ(listing.sources.size(), 8u);
  EXPECT_TRUE(listing.unplaced.empty());
  const Source& deepfake = at(listing, "ffpp/Deepfakes/c23/000_003");
  EXPECT_EQ(deepfake.label, 1);
  EXPECT_EQ(deepfake.manip, "Deepfakes");
  EXPECT_EQ(deepfake.identity, 0);
  EXPECT_EQ(deepfake.partner, 3);
  EXPECT_EQ(at(listing, "ffpp/FaceSwap/c23/000_003").manip, "FaceSwap");
  EXPECT_EQ(at(listing, "ffpp/youtube/c23/054").label, 0);
}

TEST_F(FfppImporter, ListsTwinsAndWhatLiesBesideTheVideos) {
  folder.write("original_sequences/youtube/c23/videos/000.avi");
  folder.write("original_sequences/youtube/c23/videos/more/001.mp4");
  folder.write("original_sequences/youtube/c23/images/000.png");
  folder.write("manipulated_sequences/Deepfakes/models/000.pt");
  folder.write("manipulated_sequences/notes.txt");
  folder.write("download.py");
  const auto listing = import();
  EXPECT_EQ(listing.sources.size(), 8u);
  std::map<std::string, std::string> why;
  for (const auto& [path, reason] : listing.unplaced) { why[std::filesystem::path(path).filename()] = reason; }
  EXPECT_EQ(why.size(), 6u);
  EXPECT_THAT(why["000.mp4"], HasSubstr("is taken"));  // 000.avi comes first
  EXPECT_THAT(why["more"], HasSubstr("a folder where videos were expected"));
  EXPECT_THAT(why["images"], HasSubstr("beside the folder videos"));
  EXPECT_THAT(why["models"], HasSubstr("neither a compression level nor masks"));
  EXPECT_THAT(why["notes.txt"], HasSubstr("below no method's folder"));
  EXPECT_THAT(why["download.py"], HasSubstr("no part of FaceForensics++"));
}

TEST_F(FfppImporter, FollowsTheOfficialSplits) {
  const auto listing = import();
  EXPECT_EQ(at(listing, "ffpp/youtube/c23/000").split, "train");
  EXPECT_EQ(at(listing, "ffpp/Deepfakes/c23/071_054").split, "val");
  for (const auto& source : import(options_with([](auto& o) { o.split = "test"; })).sources) {
    EXPECT_EQ(source.split, "test");
  }
}

TEST_F(FfppImporter, PutsAVideoAndEveryFakeMadeOfItsPairInOneGroup) {
  const auto listing = import();
  const int64_t group = at(listing, "ffpp/youtube/c23/000").group;
  for (const auto* key : {"ffpp/youtube/c23/003", "ffpp/Deepfakes/c23/000_003", "ffpp/FaceSwap/c23/000_003"}) {
    EXPECT_EQ(at(listing, key).group, group) << key;
  }
  EXPECT_NE(at(listing, "ffpp/youtube/c23/071").group, group);
  EXPECT_EQ(at(import(options_with([](auto& o) { o.methods = {"original"}; })), "ffpp/youtube/c23/003").group, group);
}

TEST_F(FfppImporter, FindsMasksWhereTheyAreShippedAndWanted) {
  const auto listing = import();
  EXPECT_THAT(at(listing, "ffpp/Deepfakes/c23/000_003").mask_path, HasSubstr("masks/videos/000_003.mp4"));
  EXPECT_EQ(at(listing, "ffpp/FaceSwap/c23/000_003").mask_path, "");
  EXPECT_EQ(at(import(options_with([](auto& o) { o.masks = false; })), "ffpp/Deepfakes/c23/000_003").mask_path, "");
}

TEST_F(FfppImporter, NamesTheRealVideoBehindAFake) {
  const auto listing = import(options_with([](auto& o) { o.methods = {"FaceSwap"}; }));
  EXPECT_THAT(at(listing, "ffpp/FaceSwap/c23/071_054").original_path, HasSubstr("youtube/c23/videos/071.mp4"));
  EXPECT_EQ(at(listing, "ffpp/youtube/c23/071").original_path, "");
  std::filesystem::remove(folder.path() / "original_sequences/youtube/c23/videos/071.mp4");
  EXPECT_EQ(at(import(), "ffpp/FaceSwap/c23/071_054").original_path, "");
}

TEST_F(FfppImporter, TakesUncompressedVideosUnderBothOfTheirNames) {
  folder.write("original_sequences/youtube/raw/videos/000.mp4");
  folder.write("manipulated_sequences/Deepfakes/c0/videos/000_003.mp4");
  for (const auto* level : {"raw", "c0"}) {
    const auto listing = import(options_with([&](auto& o) { o.compression = {level, "raw"}; }));
    EXPECT_EQ(listing.sources.size(), 2u);
    EXPECT_EQ(at(listing, "ffpp/Deepfakes/raw/000_003").compression, "raw");
    EXPECT_THAT(at(listing, "ffpp/Deepfakes/raw/000_003").original_path, HasSubstr("raw/videos/000.mp4"));
  }
}

TEST_F(FfppImporter, CountsWhatTheListsNameAndTheTreeLacks) {
  list("test", R"([["900","901"]])");
  const auto listing = import();
  ASSERT_EQ(listing.notes.size(), 4u);  // reals and two methods, and the masks of one
  EXPECT_THAT(listing.notes[0], HasSubstr("2 of the 6 videos named by splits/*.json are absent; for example 900"));
  EXPECT_THAT(listing.notes[1], HasSubstr("Deepfakes"));
}

TEST_F(FfppImporter, CountsTheFakesWhoseMasksAreAbsent) {
  const std::string folder_of_masks = "Deepfakes/masks/videos: ", rest = "of the 2 videos have no mask there";
  EXPECT_THAT(import().notes, Contains(AllOf(HasSubstr(folder_of_masks + "1 " + rest), HasSubstr("example 071_054"))));
  EXPECT_THAT(import(options_with([](auto& o) { o.masks = false; })).notes, Not(Contains(HasSubstr(rest))));
  folder.write("manipulated_sequences/Deepfakes/masks/videos/071_054.mp4");
  EXPECT_THAT(import().notes, Not(Contains(HasSubstr(rest))));
}

TEST_F(FfppImporter, NeverTrainsOnWhatTheListsHoldOutForTesting) {
  list("test", R"([["900","901"]])");
  real("900");
  const auto listing = import(options_with([](auto& o) { o.split = "train"; }));
  EXPECT_EQ(listing.sources.size(), 8u);
  ASSERT_EQ(listing.unplaced.size(), 1u);
  EXPECT_THAT(listing.unplaced[0].path, HasSubstr("900.mp4"));
}

TEST_F(FfppImporter, TakesTheMethodsThatAreNamedAndAllReals) {
  EXPECT_EQ(import(options_with([](auto& o) { o.methods = {"FaceSwap"}; })).sources.size(), 6u);
  EXPECT_EQ(import(options_with([](auto& o) { o.methods = {"original"}; })).sources.size(), 4u);
  EXPECT_THAT(failure(options_with([](auto& o) { o.methods = {"Deepfake"}; })), HasSubstr("did you mean Deepfakes?"));
}

TEST_F(FfppImporter, ListsWhatItCannotPlaceWithTheReason) {
  real("555");
  fake("Deepfakes", "000_071");
  fake("Deepfakes", "holiday");
  folder.write("original_sequences/youtube/c23/videos/readme.txt");
  const auto listing = import();
  EXPECT_EQ(listing.sources.size(), 8u);
  std::map<std::string, std::string> why;
  for (const auto& file : listing.unplaced) { why[std::filesystem::path(file.path).filename()] = file.why; }
  EXPECT_THAT(why["555.mp4"], HasSubstr("id 555 is in none of splits"));
  EXPECT_THAT(why["000_071.mp4"], HasSubstr("the pair 000, 071"));
  EXPECT_THAT(why["holiday.mp4"], HasSubstr("its name is not that of a fake video"));
  EXPECT_THAT(why["readme.txt"], HasSubstr("not a video"));
}

TEST_F(FfppImporter, PlacesActorsByHashOnly) {
  folder.write("original_sequences/actors/c23/videos/01__hugging_happy.mp4");
  folder.write("manipulated_sequences/DeepFakeDetection/c23/videos/01_02__hugging_happy__YVGY8LOK.mp4");
  EXPECT_EQ(import().sources.size(), 8u);
  const auto listing = import(options_with([](auto& o) { o.split = "hash"; }));
  ASSERT_EQ(listing.sources.size(), 10u);
  const Source& real = at(listing, "ffpp/actors/c23/01__hugging_happy");
  const Source& fake = at(listing, "ffpp/DeepFakeDetection/c23/01_02__hugging_happy__YVGY8LOK");
  EXPECT_EQ(real.group, fake.group);
  EXPECT_EQ(real.split, fake.split);
  EXPECT_EQ(fake.original_path, real.path);
  EXPECT_NE(real.identity, at(listing, "ffpp/Deepfakes/c23/000_003").identity);
}

TEST_F(FfppImporter, RefusesAnIdInTwoSplitsAndAMalformedList) {
  list("test", R"([["000","901"]])");
  EXPECT_THAT(failure(), HasSubstr("id 000, which is also in train.json"));
  list("test", R"([[0, 901]])");
  EXPECT_THAT(failure(), HasSubstr("is not a split list"));
}

TEST_F(FfppImporter, SaysWhichCompressionIsMissing) {
  EXPECT_THAT(failure(options_with([](auto& o) { o.compression = {"raw"}; })), HasSubstr("has no raw/videos"));
}

TEST_F(FfppImporter, RefusesAFolderThatIsNoSuchTree) {
  TemporaryFolder other;
  other.write("x.mp4");
  EXPECT_THROW(import_dataset("ffpp", other.path(), {}), DataError);
}

TEST(IdGroups, JoinsChainsUnderTheSmallestId) {
  IdGroups groups;
  groups.join("005", "003");
  groups.join("009", "005");
  EXPECT_EQ(groups.root("009"), "003");
  EXPECT_EQ(groups.root("100"), "100");
}

TEST(FfppImporterOnRealData, PlacesTheOfficialFilesInTheirOfficialSplits) {
  const char* data = std::getenv("REALFACE_TEST_DATA");
  const auto root = std::filesystem::path(data == nullptr ? "" : data) / "ffpp";
  if (!std::filesystem::exists(root)) { GTEST_SKIP() << "no ffpp/ in REALFACE_TEST_DATA"; }
  std::map<std::string, std::string> split;
  for (const auto& source : import_dataset("ffpp", root, {}).sources) { split[source.key] = source.split; }
  EXPECT_EQ(split.size(), 7u);
  EXPECT_EQ(split["ffpp/Deepfakes/c23/519_515"], "train");
  EXPECT_EQ(split["ffpp/NeuralTextures/c23/004_982"], "val");
  EXPECT_EQ(split["ffpp/FaceSwap/c23/634_660"], "test");
}

}  // namespace
}  // namespace realface::data::importers
