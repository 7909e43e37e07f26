// The last rung of the detector's ladder, with weights that find red discs; with real ones where
// REALFACE_DETECTOR_MODEL names dlib's mmod_human_face_detector.dat.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/sha256.h"
#include "data/preprocess/extract.h"
#include "data/preprocess/video/opencv_view.h"
#include "tests/data/preprocess/faces/disc_detector.h"
#include "tests/data/preprocess/videos.h"
#include "tests/temporary_folder.h"

namespace realface::data::preprocess {
namespace {

using testing::HasSubstr;

class Detector : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    write_disc_detector(discs());
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::filesystem::path discs() { return folder_->path() / "discs.dat"; }
  static std::string refusal(const std::filesystem::path& detector) {
    try {
      FaceModels models({}, detector);
    } catch (const DataError& error) { return error.what(); }
    return "";
  }

  static TemporaryFolder* folder_;
};
TemporaryFolder* Detector::folder_ = nullptr;

Picture grey_picture(int width, int height) {
  Picture picture = make_picture(width, height);
  view(picture).setTo(cv::Scalar(110, 110, 110));
  return picture;
}

Picture with_disc(Picture picture, const cv::Point& centre, int radius) {
  cv::Mat pixels = view(picture);
  cv::circle(pixels, centre, radius, cv::Scalar(255, 0, 0), cv::FILLED);
  return picture;
}

Box about(const cv::Point& centre, int radius) {
  const auto x = static_cast<float>(centre.x), y = static_cast<float>(centre.y), r = static_cast<float>(radius);
  return {x - r, y - r, x + r, y + r};
}

TEST_F(Detector, FindsWhomHogDoesNotSee) {
  FaceFinder hog(std::make_shared<FaceModels>()), both(std::make_shared<FaceModels>(std::string(), discs()));
  const cv::Point centre(220, 130);
  for (const int radius : {45, 60, 80}) {
    const Picture picture = with_disc(grey_picture(400, 300), centre, radius);
    hog.begin();
    both.begin();
    EXPECT_TRUE(hog.find(picture).empty());
    const std::vector<Face> found = both.find(picture);
    ASSERT_EQ(found.size(), 1u) << radius;
    EXPECT_GT(overlap(found.front().box, about(centre, radius)), 0.6F) << radius;
    EXPECT_GT(found.front().score, 0);
  }
}

TEST_F(Detector, FollowsThemFromPictureToPicture) {
  FaceFinder finder(std::make_shared<FaceModels>(std::string(), discs()));
  for (int step = 0; step < 4; ++step) {
    const cv::Point centre(150 + 12 * step, 140);
    const std::vector<Face> found = finder.find(with_disc(grey_picture(400, 300), centre, 50));
    ASSERT_EQ(found.size(), 1u) << step;
    EXPECT_GT(overlap(found.front().box, about(centre, 50)), 0.6F) << step;
  }
  EXPECT_TRUE(finder.find(grey_picture(400, 300)).empty());
}

TEST_F(Detector, IsAskedOnlyWhereHogFindsNobody) {
  write_face_tree(folder_->path() / "tree", 1);
  const auto listing = importers::import_dataset("ffpp", folder_->path() / "tree", {});
  Picture picture = grey_picture(480, 224);
  open_video(listing.sources.front().path)->read({0}, [&](const Frame& frame) {
    view(frame.picture).copyTo(view(picture)(cv::Rect(0, 0, frame.picture.width, frame.picture.height)));
  });
  const cv::Point centre(360, 110);
  picture = with_disc(std::move(picture), centre, 45);
  FaceFinder finder(std::make_shared<FaceModels>(std::string(), discs()));
  const std::vector<Face> found = finder.find(picture);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_LT(found.front().box.right, 240);  // the face, not the disc
  view(picture)(cv::Rect(0, 0, 240, 224)).setTo(cv::Scalar(110, 110, 110));
  const std::vector<Face> after = finder.find(picture);  // the face has gone
  ASSERT_EQ(after.size(), 1u);
  EXPECT_GT(overlap(after.front().box, about(centre, 45)), 0.6F);
}

TEST_F(Detector, TakesPicturesOfAnyShape) {
  FaceFinder finder(std::make_shared<FaceModels>(std::string(), discs()));
  for (const auto& [width, height] : {std::pair{2000, 8}, {8, 2000}, {1900, 40}, {8, 8}, {1, 1}, {33, 32}}) {
    finder.begin();
    EXPECT_TRUE(finder.find(grey_picture(width, height)).empty()) << width << " x " << height;
  }
}

TEST_F(Detector, SearchesLargePicturesReduced) {
  FaceFinder finder(std::make_shared<FaceModels>(std::string(), discs()));
  const cv::Point centre(4000, 2500);
  const std::vector<Face> found = finder.find(with_disc(grey_picture(6000, 4500), centre, 500));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_GT(overlap(found.front().box, about(centre, 500)), 0.6F);
  // A network that took all of it would have needed gigabytes.
  struct rusage usage {};
  ASSERT_EQ(::getrusage(RUSAGE_SELF, &usage), 0);
  EXPECT_LT(usage.ru_maxrss, 2'500'000) << "kilobytes";
}

TEST_F(Detector, IsOnRecordWithItsDigest) {
  const FaceModels without, with(std::string(), discs());
  EXPECT_THAT(without.detector(), testing::MatchesRegex("dlib [0-9.]+ frontal HOG"));
  EXPECT_EQ(with.detector(), without.detector() + ", mmod CNN " + hex(sha256_file(discs())));
}

TEST_F(Detector, RefusesAFileThatIsNone) {
  EXPECT_THAT(refusal(folder_->path() / "absent.dat"), HasSubstr("absent.dat"));
  EXPECT_THAT(refusal(folder_->write("text.dat", "not a network")), HasSubstr("--detector-model"));
  EXPECT_THAT(refusal("/usr/share/dlib/shape_predictor_68_face_landmarks.dat"), HasSubstr("not a face detector"));
  const auto cut = folder_->path() / "cut.dat";
  std::filesystem::copy_file(discs(), cut);
  std::filesystem::resize_file(cut, std::filesystem::file_size(cut) - 100);
  EXPECT_THAT(refusal(cut), HasSubstr("cut.dat"));
  const auto stiff = folder_->path() / "stiff.dat";
  write_disc_detector(stiff, false);
  EXPECT_THAT(refusal(stiff), HasSubstr("stiff.dat"));
}

TEST_F(Detector, OfDlibRescuesAVideoOfSomebodyWhoLooksAside) {
  const char* weights = std::getenv("REALFACE_DETECTOR_MODEL");
  const char* data = std::getenv("REALFACE_TEST_DATA");
  importers::Source video;
  video.key = "dfdc/yhffcuhhjy";
  video.path = std::filesystem::path(data == nullptr ? "" : data) / "dfdc" / "dfdc_train_part_10" / "yhffcuhhjy.mp4";
  if (weights == nullptr || !std::filesystem::exists(video.path)) {
    GTEST_SKIP() << "no REALFACE_DETECTOR_MODEL, or no dfdc/ in REALFACE_TEST_DATA";
  }
  const auto found = [&video](const std::string& detector) {
    FaceFinder finder(std::make_shared<FaceModels>(std::string(), detector));
    Decoder decoder;
    return extract(video, {}, finder, decoder);
  };
  const Extracted hog = found(""), both = found(weights);
  EXPECT_EQ(hog.record.status, VideoStatus::too_few_faces);
  EXPECT_EQ(both.record.status, VideoStatus::ok);
  EXPECT_GE(both.detected, hog.detected + 5);
}

}  // namespace
}  // namespace realface::data::preprocess
