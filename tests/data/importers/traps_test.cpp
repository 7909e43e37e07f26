// The nine traps of the datasets, each with the tree that sets it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/importers/celeb_df_list.h"
#include "tests/data/importers/trees.h"
#include "tests/temporary_folder.h"

namespace realface::data::importers {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

constexpr const char* kFakePath = "Training/video/train_video_release/7/";

void write_celeb(const TemporaryFolder& folder) {
  for (const auto* name : {"Celeb-real/id0_0000", "Celeb-real/id1_0001", "YouTube-real/00000", "YouTube-real/00170",
                           "Celeb-synthesis/id0_id1_0000", "Celeb-synthesis/id1_id0_0001"}) {
    folder.write(std::string(name).append(".mp4"));
  }
  folder.write("List_of_testing_videos.txt",
               "1 YouTube-real/00170.mp4\n1 Celeb-real/id0_0000.mp4\n0 Celeb-synthesis/id0_id1_0000.mp4");
}

TEST(Traps, T1_CelebDfPolarityIsInverted) {
  TemporaryFolder folder;
  write_celeb(folder);
  const auto listing = import_dataset("celeb-df-v2", folder.path(), {});
  // The list says 1 for the first and 0 for the second.
  EXPECT_EQ(source_of(listing, "celeb-df-v2/YouTube-real/unknown/00170").label, 0);
  EXPECT_EQ(source_of(listing, "celeb-df-v2/Celeb-synthesis/unknown/id0_id1_0000").label, 1);
  // Were the digits the other way round, the labels would still be the folders'.
  folder.write("List_of_testing_videos.txt", "0 YouTube-real/00170.mp4\n1 Celeb-synthesis/id0_id1_0000.mp4");
  const auto turned = import_dataset("celeb-df-v2", folder.path(), {});
  EXPECT_EQ(source_of(turned, "celeb-df-v2/YouTube-real/unknown/00170").label, 0);
  EXPECT_EQ(source_of(turned, "celeb-df-v2/Celeb-synthesis/unknown/id0_id1_0000").label, 1);
}

TEST(Traps, T2_CelebDfListHasNoHeaderAndNoFinalNewline) {
  TemporaryFolder folder;
  write_celeb(folder);
  const auto entries = read_celeb_df_list(folder.path() / "List_of_testing_videos.txt");
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries.front().stem, "00170");
  EXPECT_EQ(entries.back().stem, "id0_id1_0000");
}

TEST(Traps, T3_CelebDfTrainExcludesTheTestList) {
  TemporaryFolder folder;
  write_celeb(folder);
  const auto official = splits_of(import_dataset("celeb-df-v2", folder.path(), {}));
  EXPECT_EQ(official.at("celeb-df-v2/YouTube-real/unknown/00170"), "test");
  EXPECT_EQ(official.at("celeb-df-v2/Celeb-real/unknown/id0_0000"), "test");
  EXPECT_EQ(official.at("celeb-df-v2/Celeb-synthesis/unknown/id0_id1_0000"), "test");
  EXPECT_EQ(official.at("celeb-df-v2/YouTube-real/unknown/00000"), "train");
  const auto all = import_dataset("celeb-df-v2", folder.path(), options_with([](auto& o) { o.split = "train"; }));
  EXPECT_EQ(all.sources.size(), 3u);
  EXPECT_THAT(reason_for(all, "00170.mp4"), HasSubstr("hold it out for testing"));
}

TEST(Traps, T4_ForgeryNetFolderBeatsTheListsClassAndSegmentsLabelFrames) {
  TemporaryFolder folder;
  const std::string fake = kFakePath;
  folder.write(fake + "a/b/video.mp4");
  folder.write(fake + "a/c/video.mp4");
  folder.write("Training/video/train_video_release/2/a/d/video.mp4");
  folder.write("Training/video/train_video_release/18/a/video.mp4");
  folder.write("Training/video_list.txt",
               "2 train_video_release/7/a/b/video.mp4 0 40 0 40 60 1 1 1 15\n"
               "1 train_video_release/7/a/c/video.mp4 0 100 1 1 1 7\n"
               "1 train_video_release/18/a/video.mp4 0 100 0 0 0 0\n");
  const auto listing = import_dataset("forgery-net", folder.path(), {});
  const Source& video = source_of(listing, "forgery-net/TalkingHead/unknown/video/train/7/a/b/video");
  EXPECT_EQ(video.manip, "TalkingHead");  // 7, not the list's 15
  ASSERT_EQ(video.runs.size(), 2u);
  EXPECT_EQ(video.runs[0].first, 0);
  EXPECT_EQ(video.runs[0].count, 40);
  EXPECT_EQ(video.runs[0].label, 0);
  EXPECT_EQ(video.runs[1].label, 1);
  EXPECT_TRUE(source_of(listing, "forgery-net/TalkingHead/unknown/video/train/7/a/c/video").runs.empty());
  // Folders 2 and 8 are missing from the official list: all fake, and nothing to remark.
  EXPECT_EQ(source_of(listing, "forgery-net/FS-GAN/unknown/video/train/2/a/d/video").label, 1);
  EXPECT_EQ(source_of(listing, "forgery-net/AVSpeech/unknown/video/train/18/a/video").label, 0);
  ASSERT_EQ(listing.notes.size(), 1u);
  EXPECT_THAT(listing.notes[0], HasSubstr("1 entries of the lists give another class than their folder"));
  EXPECT_THAT(listing.notes[0], HasSubstr("7/a/b/video.mp4"));
}

TEST(Traps, T5_DeeperForensicsSourceVideosAreNotReal) {
  TemporaryFolder folder;
  folder.write("DeeperForensics-1.0/manipulated_videos/end_to_end/000_M101.mp4");
  folder.write("DeeperForensics-1.0/source_videos/M101/light_up/happy/M101_light_up_happy_camera_up.mp4");
  folder.write("DeeperForensics-1.0/lists/splits/train.txt", "000_M101.mp4\n");
  const auto root = folder.path() / "DeeperForensics-1.0";
  const auto alone = import_dataset("deeper-forensics", root, {});
  EXPECT_EQ(alone.sources.size(), 1u);
  EXPECT_THAT(reason_for(alone, "source_videos"), HasSubstr("not the real class"));
  EXPECT_THAT(reason_for(alone, "DeeperForensics-1.0"), HasSubstr("there are no real videos"));
  folder.write("FaceForensics++/original_sequences/youtube/c23/videos/000.mp4");
  const auto both = import_dataset("deeper-forensics", root, {});
  ASSERT_EQ(both.sources.size(), 2u);
  const Source& real = source_of(both, "deeper-forensics/youtube/c23/000");
  EXPECT_EQ(real.label, 0);
  EXPECT_EQ(real.split, "train");
  EXPECT_THAT(real.path, EndsWith("original_sequences/youtube/c23/videos/000.mp4"));
}

// Which of several faces is the forged one is decided where faces are found; the importer has to bring the mask.
TEST(Traps, T6_VideosWithSeveralFacesBringTheMaskThatTellsThemApart) {
  TemporaryFolder folder;
  const std::string fakes = "manipulated_sequences/DeepFakeDetection/";
  folder.write(fakes + "c23/videos/01_02__hugging_happy__YVGY8LOK.mp4");
  folder.write(fakes + "masks/videos/01_02__hugging_happy__YVGY8LOK.mp4");
  const auto listing = import_dataset("ffpp", folder.path(), options_with([](auto& o) { o.split = "hash"; }));
  EXPECT_THAT(source_of(listing, "ffpp/DeepFakeDetection/c23/01_02__hugging_happy__YVGY8LOK").mask_path,
              EndsWith("masks/videos/01_02__hugging_happy__YVGY8LOK.mp4"));
}

// Frames are paired by index where they are decoded; the importer has to name the video that is paired.
TEST(Traps, T7_AFakeNamesTheOriginalOfTheSameCompressionThatItsFramesBelongTo) {
  TemporaryFolder folder;
  for (const std::string level : {"c23", "c40"}) {
    folder.write("original_sequences/youtube/" + level + "/videos/000.mp4");
    folder.write("original_sequences/youtube/" + level + "/videos/003.mp4");
    folder.write("manipulated_sequences/NeuralTextures/" + level + "/videos/000_003.mp4");
  }
  const auto listing = import_dataset("ffpp", folder.path(), options_with([](auto& o) {
                                        o.split = "hash";
                                        o.compression = {"c23", "c40"};
                                      }));
  EXPECT_THAT(source_of(listing, "ffpp/NeuralTextures/c23/000_003").original_path, EndsWith("c23/videos/000.mp4"));
  EXPECT_THAT(source_of(listing, "ffpp/NeuralTextures/c40/000_003").original_path, EndsWith("c40/videos/000.mp4"));
  EXPECT_EQ(source_of(listing, "ffpp/youtube/c23/000").original_path, "");
}

// What the stream itself says is read where it is decoded; the importer says what the path claims, and nothing else.
/// What x264 wrote into the file is compared with it in Fakes.AreToldApartFromWhatTheirFolderSaysOfTheirCompression.
TEST(Traps, T8_CompressionIsWhatThePathClaims) {
  TemporaryFolder folder;
  folder.write("original_sequences/youtube/c40/videos/004.mp4");
  const auto listing = import_dataset("ffpp", folder.path(), options_with([](auto& o) {
                                        o.split = "hash";
                                        o.compression = {"c40"};
                                      }));
  EXPECT_EQ(source_of(listing, "ffpp/youtube/c40/004").compression, "c40");
}

TEST(Traps, T8_OfTheTestData) {
  const auto root = test_data("ffpp");
  if (root.empty()) { GTEST_SKIP() << "no ffpp/ in REALFACE_TEST_DATA"; }
  const Listing listing = import_dataset("ffpp", root, {});
  const Source& liar = source_of(listing, "ffpp/youtube/c23/004");
  EXPECT_EQ(liar.compression, "c23");  // x264 wrote crf=40 into this very file
  EXPECT_THAT(liar.path, HasSubstr("/c23/"));
}

TEST(Traps, T9_TheSameStemInFourMethodsAndTwoLevelsIsEightVideos) {
  TemporaryFolder folder;
  for (const std::string method : {"Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures"}) {
    for (const std::string level : {"c23", "c40"}) {
      folder.write("manipulated_sequences/" + method + "/" + level + "/videos/000_003.mp4");
    }
  }
  const auto listing = import_dataset("ffpp", folder.path(), options_with([](auto& o) {
                                        o.split = "hash";
                                        o.compression = {"c23", "c40"};
                                      }));
  const auto keys = splits_of(listing);
  EXPECT_EQ(keys.size(), 8u);
  EXPECT_TRUE(keys.contains("ffpp/FaceSwap/c40/000_003"));
}

}  // namespace
}  // namespace realface::data::importers
