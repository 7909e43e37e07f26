#include "data/inspection/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/shards/reader.h"
#include "tests/data/shards/samples.h"

namespace realface::data {
namespace {
namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Inspect : public testing::Test {
 protected:
  void SetUp() override {
    manifest_ = samples::write_dataset(folder_.path(), {.videos_per_shard = 4, .frames = 3, .size = 48});
  }
  TemporaryFolder folder_;
  Manifest manifest_;
};

TEST_F(Inspect, CountsWhatIsInside) {
  const auto facts = inspect_shards(folder_.path());
  EXPECT_EQ(facts["kind"], "shards");
  EXPECT_EQ(facts["totals"]["frames"], 24);
  EXPECT_EQ(facts["totals"]["videos"], 8);
  EXPECT_EQ(facts["totals"]["bytes"], manifest_.bytes());
  EXPECT_EQ(facts["splits"]["train"]["classes"]["real"]["frames"], 12);
  EXPECT_EQ(facts["splits"]["train"]["classes"]["fake/FaceSwap"]["videos"], 2);
  EXPECT_EQ(facts["frames_with_mask"], 12);
  EXPECT_EQ(facts["identities"], 8);
  EXPECT_EQ(facts["videos_by_status"]["ok"], 8);
  EXPECT_EQ(facts["dataset_digest"], manifest_.digest());
  const std::string text = inspect_text(facts);
  EXPECT_THAT(text, HasSubstr("24 faces of 8 videos, 8 identities; 12 with a mask"));
  EXPECT_THAT(text, HasSubstr("fake/Deepfakes"));
}

TEST_F(Inspect, TakesOneShardFileToo) {
  const auto facts = inspect_shards(folder_.path() / "train-1.h5");
  EXPECT_EQ(facts["totals"]["frames"], 12);
  EXPECT_TRUE(is_shards(folder_.path() / "train-1.h5"));
  EXPECT_TRUE(is_shards(folder_.path()));
  EXPECT_FALSE(is_shards(folder_.path() / "manifest.json"));
  EXPECT_FALSE(is_shards(folder_.path() / "nothing"));
  EXPECT_THAT(verify_shards(folder_.path() / "train-1.h5"), IsEmpty());
}

TEST_F(Inspect, DrawsAFaceOfEachVideo) {
  const fs::path out = folder_.path() / "sheet.png";
  write_contact_sheet(folder_.path(), out);
  const cv::Mat sheet = cv::imread(out.string());
  ASSERT_FALSE(sheet.empty());
  EXPECT_EQ(sheet.cols, 3 * 232 + 8);  // 8 faces in 3 columns
  EXPECT_EQ(sheet.rows, 3 * 266 + 8);
  EXPECT_THROW(write_contact_sheet(folder_.path() / "none.h5", out), DataError);
}

TEST_F(Inspect, SheetShowsStoredPixelsAndLandmarksWhereTheyAre) {
  const fs::path out = folder_.path() / "sheet.png";
  write_contact_sheet(folder_.path(), out);
  const cv::Mat sheet = cv::imread(out.string());
  const auto points = samples::landmarks(0, 1, 48);
  const auto at = [](float pixel) { return 8 + static_cast<int>(std::lround((pixel + 0.5F) * 224 / 48 - 0.5F)); };
  const cv::Vec3b dot = sheet.at<cv::Vec3b>(at(points[1]), at(points[0]));
  EXPECT_GT(dot[1], 200);  // green
  EXPECT_LT(dot[0], 140);
}

TEST_F(Inspect, SheetShowsTheMasksOfFakes) {
  const fs::path out = folder_.path() / "sheet.png";
  write_contact_sheet(folder_.path(), out);
  const cv::Mat sheet = cv::imread(out.string());
  for (int cell = 0; cell < 8; ++cell) {  // odd ones are fake
    const cv::Rect picture(8 + cell % 3 * 232, 8 + cell / 3 * 266, 224, 224);
    cv::Mat outline;
    cv::inRange(sheet(picture), cv::Scalar(50, 50, 200), cv::Scalar(100, 100, 255), outline);
    EXPECT_EQ(cv::countNonZero(outline) > 500, cell % 2 == 1) << cell << " " << cv::countNonZero(outline);
  }
}

/// How many pixels are of a colour (blue, green, red), give or take `off`.
int pixels_like(const cv::Mat& part, const cv::Scalar& colour, double off) {
  cv::Mat like;
  cv::inRange(part, colour - cv::Scalar::all(off), colour + cv::Scalar::all(off), like);
  return cv::countNonZero(like);
}

TEST_F(Inspect, SheetShowsHolesOfMasksAndWhereTheyComeFrom) {
  cv::Mat ring = cv::Mat::zeros(48, 48, CV_8UC1);
  ring(cv::Rect(6, 6, 36, 36)).setTo(1);
  ring(cv::Rect(12, 12, 24, 24)).setTo(0);
  const TemporaryFolder folder;
  samples::write_dataset(folder.path(), {.shards = 1,
                                         .videos_per_shard = 2,
                                         .frames = 1,
                                         .size = 48,
                                         .mask = {ring.begin<uint8_t>(), ring.end<uint8_t>()}});
  write_contact_sheet(folder.path(), folder.path() / "sheet.png");
  const cv::Mat sheet = cv::imread((folder.path() / "sheet.png").string());
  const cv::Mat real = sheet(cv::Rect(8, 8, 224, 224)), fake = sheet(cv::Rect(240, 8, 224, 224));
  const cv::Rect hole_edge(54, 70, 3, 84), caption(0, 0, 224, 16);  // 56 is the hole's first column
  EXPECT_GE(pixels_like(fake(hole_edge), {60, 60, 255}, 20), 84);
  EXPECT_EQ(pixels_like(real(hole_edge), {60, 60, 255}, 20), 0);
  EXPECT_GE(pixels_like(fake(caption), {110, 110, 255}, 15), 5);
  EXPECT_EQ(pixels_like(real(caption), {110, 110, 255}, 15), 0);
}

TEST_F(Inspect, SheetOfSelfBlendedFacesShowsTheRealOnesWithTheirMasks) {
  const fs::path out = folder_.path() / "sheet.png";
  write_contact_sheet(folder_.path(), out, Sheet::self_blended);
  const cv::Mat sheet = cv::imread(out.string());
  EXPECT_EQ(sheet.cols, 2 * 232 + 8);  // 4 faces in 2 columns
  cv::Mat outline;
  cv::inRange(sheet, cv::Scalar(50, 50, 200), cv::Scalar(100, 100, 255), outline);
  EXPECT_GT(cv::countNonZero(outline), 4 * 50);
}

TEST_F(Inspect, VerifyFindsNothingInSoundShardsAndTellsProgress) {
  int64_t last = 0, total = 0;
  EXPECT_THAT(verify_shards(folder_.path(),
                            [&](int64_t done, int64_t of) {
                              EXPECT_GE(done, last);
                              last = done;
                              total = of;
                            }),
              IsEmpty());
  EXPECT_EQ(last, total);
  EXPECT_EQ(total, manifest_.bytes());
}

TEST_F(Inspect, VerifyNamesEachFaultyFrameAndGoesOn) {
  for (const int shard : {0, 1}) {
    const Shard facts = open_shard(folder_.path() / ("train-" + std::to_string(shard) + ".h5"));
    samples::flip_byte(facts.path, static_cast<int64_t>(facts.blob_at + facts.index.frame_offset[5] + 20));
  }
  EXPECT_THAT(verify_shards(folder_.path()),
              ElementsAre(HasSubstr("train-0.h5] frame 5: its CRC32C is wrong"), HasSubstr("SHA-256 of its pixels"),
                          HasSubstr("train-1.h5] frame 5: its CRC32C is wrong"), HasSubstr("SHA-256 of its pixels")));
}

TEST_F(Inspect, VerifyNamesMissingCutAndStrangeFiles) {
  fs::resize_file(folder_.path() / "train-0.h5", 5000);
  fs::rename(folder_.path() / "train-1.h5", folder_.path() / "train-7.h5");
  publish_file(folder_.path() / "train-3.h5.tmp", "half");
  EXPECT_THAT(
      verify_shards(folder_.path()),
      testing::UnorderedElementsAre(HasSubstr("train-0.h5"), HasSubstr("train-1.h5] cannot be opened"),
                                    HasSubstr("train-7.h5] is not listed"), HasSubstr("train-3.h5.tmp] was left")));
  EXPECT_THAT(verify_shards(folder_.path() / "nowhere"), ElementsAre(HasSubstr("cannot be opened")));
}

}  // namespace
}  // namespace realface::data
