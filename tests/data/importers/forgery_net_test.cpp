#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/importers/forgery_net_lists.h"
#include "tests/data/importers/trees.h"
#include "tests/temporary_folder.h"

namespace realface::data::importers {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

const std::string kA(32, 'a'), kB(32, 'b'), kC(32, 'c');
const std::string kNone = "7283059e2ee6ec302df2936c7d23313b";

class ForgeryNetImporter : public testing::Test {
 protected:
  Listing import(const ImportOptions& options = {}) { return import_dataset("forgery-net", folder.path(), options); }
  std::string failure() { return import_failure("forgery-net", folder.path()); }
  const Source& video(const Listing& listing, const std::string& tail) {
    for (const auto& source : listing.sources) {
      if (source.path.ends_with(tail)) { return source; }
    }
    throw std::runtime_error("there is no " + tail);
  }

  TemporaryFolder folder;
};

TEST_F(ForgeryNetImporter, JoinsTheVideosThatAFakeNames) {
  const std::string release = "Validation/video/val_video_release/";
  folder.write(release + "18/" + kA + "/video.mp4");
  folder.write(release + "19/" + kB + "/video.mp4");
  folder.write(release + "19/" + kC + "/video.mp4");
  folder.write(release + "1/" + kA + "/" + kB + "/video.mp4");
  folder.write(release + "8/" + kNone + "/" + kC + "/video.mp4");
  folder.write(release + "8/" + kNone + "/" + kB + "/video.mp4");
  const auto listing = import();
  const int64_t group = video(listing, "18/" + kA + "/video.mp4").group;
  EXPECT_EQ(video(listing, "19/" + kB + "/video.mp4").group, group);
  EXPECT_EQ(video(listing, "1/" + kA + "/" + kB + "/video.mp4").group, group);
  EXPECT_EQ(video(listing, "8/" + kNone + "/" + kB + "/video.mp4").group, group);
  // The id that stands for no video joins nothing.
  const int64_t other = video(listing, "19/" + kC + "/video.mp4").group;
  EXPECT_NE(other, group);
  EXPECT_EQ(video(listing, "8/" + kNone + "/" + kC + "/video.mp4").group, other);
  for (const auto& source : listing.sources) { EXPECT_EQ(source.split, "val"); }
}

TEST_F(ForgeryNetImporter, ReadsListsWhereverTheyLieAboveTheClassFolders) {
  const std::string release = "Validation/video/val_video_release/", tail = "1/" + kA + "/" + kB + "/video.mp4";
  folder.write(release + tail);
  folder.write(release + "video_list.txt", "2 val_video_release/" + tail + " 0 5 0 5 4 1 1 2 1\n");
  folder.write("readme.txt");
  const auto listing = import();
  EXPECT_EQ(video(listing, tail).runs.size(), 2u);
  EXPECT_THAT(reason_for(listing, "readme.txt"), HasSubstr("in no folder of a phase"));
}

TEST_F(ForgeryNetImporter, TakesPicturesOfOneFolderAsOneVideoWithItsMasks) {
  const std::string tail = "7/" + kA + "/" + kB;
  for (const std::string frame : {"00019", "00038"}) {
    folder.write("Training/image/train_release/" + tail + "/frame" + frame + ".jpg", "xy");
    folder.write("Training/spatial_localize/train_mask_release/" + tail + "/frame" + frame + ".jpg");
  }
  folder.write("Training/image/train_release/12/" + kC + "/frame00001.jpg");
  folder.write("Training/spatial_localize/train_mask_release/12/" + kC + "/frame00001.jpg");
  folder.write("Training/image/train_release/16/" + kC + "/frame00001.jpg");
  folder.write("Training/image_list.txt", "train_release/" + tail + "/frame00019.jpg 1 1 7\ntrain_release/" + tail +
                                              "/frame00038.jpg 1 1 7\ntrain_release/12/" + kC +
                                              "/frame00001.jpg 1 2 12\ntrain_release/16/" + kC +
                                              "/frame00001.jpg 0 0 0\n");
  const auto listing = import();
  EXPECT_TRUE(listing.unplaced.empty());
  EXPECT_TRUE(listing.notes.empty());
  ASSERT_EQ(listing.sources.size(), 3u);
  const Source& frames = video(listing, tail);
  EXPECT_EQ(frames.kind, SourceKind::frames);
  EXPECT_EQ(frames.files, 2);
  EXPECT_EQ(frames.bytes, 4);
  EXPECT_EQ(frames.manip, "TalkingHead");
  EXPECT_THAT(frames.mask_path, EndsWith("spatial_localize/train_mask_release/" + tail));
  const Source& single = video(listing, "12/" + kC + "/frame00001.jpg");
  EXPECT_EQ(single.kind, SourceKind::picture);
  EXPECT_THAT(single.mask_path, EndsWith("train_mask_release/12/" + kC + "/frame00001.jpg"));
  EXPECT_EQ(video(listing, "16/" + kC + "/frame00001.jpg").label, 0);
  for (const auto& source : import(options_with([](auto& o) { o.masks = false; })).sources) {
    EXPECT_EQ(source.mask_path, "");
  }
}

TEST_F(ForgeryNetImporter, AcceptsTheFolderNamesInUse) {
  folder.write("Training/images/train_release/1/a/b.jpg");
  folder.write("Training/image2/train_release/2/a/b.jpg");
  folder.write("Training/videos/train_video_release/3/a/video.mp4");
  folder.write("Validation/video/val_video_release/17/a/video.mp4");
  EXPECT_EQ(import().sources.size(), 4u);
  EXPECT_EQ(import_dataset("forgerynet", folder.path() / "Validation", {}).sources.size(), 1u);
}

TEST_F(ForgeryNetImporter, TakesListsThatWereUnpackedBesideThePhase) {
  folder.write("Training/video/train_video_release/1/a/video.mp4");
  folder.write("train_list/video_list.txt", "2 train_video_release/1/a 0 5 real 5 5 fake 1 1 1\n");
  const auto listing = import();
  ASSERT_EQ(listing.sources.size(), 1u);
  EXPECT_EQ(listing.sources[0].runs.size(), 2u);  // a list may name the folder of the video
  EXPECT_TRUE(listing.unplaced.empty());
}

TEST_F(ForgeryNetImporter, ListsWhatItCannotPlaceAndWhatIsAbsent) {
  folder.write("Training/video/train_video_release/1/a/video.mp4");
  folder.write("Training/video/train_video_release/1/a/notes.txt");
  folder.write("Training/video/train_video_release/20/a/video.mp4");
  folder.write("Training/audio/a.wav");
  folder.write("Other/a.mp4");
  folder.write("Training/video_list.txt", "0 train_video_release/3/a/video.mp4 1 1 3\n");
  const auto listing = import();
  EXPECT_EQ(listing.sources.size(), 1u);
  EXPECT_THAT(reason_for(listing, "notes.txt"), HasSubstr("neither a video nor a picture"));
  EXPECT_THAT(listing.unplaced[1].why + listing.unplaced[2].why, HasSubstr("no class folder 1 to 19"));
  EXPECT_THAT(reason_for(listing, "audio"), HasSubstr("neither image, video"));
  EXPECT_THAT(reason_for(listing, "Other"), HasSubstr("neither Training"));
  std::string absent;
  for (const auto& file : listing.unplaced) {
    if (file.path.ends_with("3/a/video.mp4")) { absent = file.why; }
  }
  EXPECT_THAT(absent, HasSubstr("video_list.txt but absent"));
  ASSERT_EQ(listing.notes.size(), 1u);
  EXPECT_THAT(listing.notes[0], HasSubstr("1 fake videos are in no video_list.txt"));
}

TEST_F(ForgeryNetImporter, RefusesAMalformedLineWithItsNumber) {
  folder.write("Training/video/train_video_release/1/a/video.mp4");
  for (const auto* line :
       {"2 x/1/a/video.mp4 0 40 1 1 1 1", "1 x/1/a/video.mp4 0 0 1 1 1 1", "x/1/a/video.mp4", "x/30/a/video.mp4 1 1 1",
        "1 x/1/a/video.mp4 0 40 2 1 1 1", "x/1/a/video.mp4 1 1 20", "9999999 x/1/a/video.mp4 1 1 1"}) {
    folder.write("Training/video_list.txt", std::string("1 x/1/a/video.mp4 0 40 1 1 1 1\n").append(line));
    EXPECT_THAT(failure(), HasSubstr("video_list.txt:2]")) << line;
  }
}

TEST_F(ForgeryNetImporter, RefusesAFolderThatIsNoSuchTree) {
  folder.write("x.mp4");
  EXPECT_THAT(failure(), HasSubstr("is not a ForgeryNet tree"));
}

TEST(ForgeryNetClasses, AreFifteenMethodsAndFourOrigins) {
  EXPECT_STREQ(forgery_net_class(1), "FaceShifter");
  EXPECT_STREQ(forgery_net_class(15), "DiscoFaceGAN");
  EXPECT_STREQ(forgery_net_class(16), "RAVDESS");
  EXPECT_STREQ(forgery_net_class(19), "VoxCeleb");
  for (const auto* name : {"0", "20", "07", "x", "", "-1"}) { EXPECT_EQ(class_folder(name), 0) << name; }
}

TEST(ForgeryNetList, OfTheValidationVideosHolds7369RealAnd9017Fake) {
  const auto path = test_data("lists/forgerynet_val_videos.csv");
  if (path.empty()) { GTEST_SKIP() << "no lists/ in REALFACE_TEST_DATA"; }
  int fakes = 0, reals = 0, disagreeing = 0;
  std::map<int32_t, int> folders;
  read_forgery_net_list(path, [&](ForgeryNetEntry&& entry) {
    (entry.folder < kFirstReal ? fakes : reals) += 1;
    EXPECT_EQ(entry.fake, entry.folder < kFirstReal);
    disagreeing += entry.disagrees();
    ++folders[entry.folder];
  });
  EXPECT_EQ(fakes, 9017);
  EXPECT_EQ(reals, 7369);
  EXPECT_EQ(disagreeing, 0);
  EXPECT_EQ(folders[8], 1035);
  EXPECT_EQ(folders[18], 3425);
}

}  // namespace
}  // namespace realface::data::importers
