#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <opencv2/imgcodecs.hpp>

#include "base/error.h"
#include "data/preprocess/video/frame_reader.h"
#include "data/synthesis/video_encoder.h"
#include "tests/data/preprocess/videos.h"
#include "tests/temporary_folder.h"

namespace realface::data::preprocess {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::pair<int, int>> numbers(FrameReader& reader, const std::vector<int32_t>& wanted) {
  std::vector<std::pair<int, int>> seen;
  reader.read(wanted, [&](const Frame& frame) { seen.emplace_back(frame.index, shown_number(frame.picture)); });
  return seen;
}

std::string failure(const std::filesystem::path& path, const DecodeLimits& limits = {}) {
  try {
    open_video(path, limits);
  } catch (const DataError& error) { return error.what(); }
  return "";
}

TEST(VideoDecoder, HandsOverExactlyTheWantedFramesInOrderAndAgain) {
  TemporaryFolder folder;
  write_counting_video(folder.path() / "a.mp4", 100);
  const auto reader = open_video(folder.path() / "a.mp4");
  EXPECT_EQ(reader->info().times_us.size(), 100u);
  EXPECT_EQ(reader->info().width, 128);
  EXPECT_DOUBLE_EQ(reader->info().fps, 25);
  EXPECT_EQ(reader->info().matrix, "bt601 limited");
  EXPECT_FALSE(reader->info().truncated);
  for (int pass = 0; pass < 2; ++pass) {
    EXPECT_THAT(numbers(*reader, {0, 3, 4, 57, 99}),
                ElementsAre(std::pair(0, 0), std::pair(3, 3), std::pair(4, 4), std::pair(57, 57), std::pair(99, 99)));
  }
}

TEST(VideoDecoder, GivesTimesOfPresentation) {
  TemporaryFolder folder;
  write_counting_video(folder.path() / "a.mp4", 30);
  const auto reader = open_video(folder.path() / "a.mp4");
  const auto& times = reader->info().times_us;
  for (size_t k = 1; k < times.size(); ++k) { EXPECT_EQ(times[k] - times[0], static_cast<int64_t>(k) * 40'000); }
}

TEST(VideoDecoder, GivesTheTimesOfAVariableFrameRate) {
  TemporaryFolder folder;
  const std::vector<int64_t> milliseconds = {0, 40, 57, 177, 210, 218, 400};
  {
    synthesis::VideoEncoder encoder(folder.path() / "a.mp4", {64, 64}, 25, synthesis::VideoEncoder::Kind::picture, 40);
    for (const int64_t time : milliseconds) { encoder.add_at(cv::Mat(64, 64, CV_8UC3, cv::Scalar(9, 9, 9)), time); }
    encoder.finish();
  }
  const auto times = open_video(folder.path() / "a.mp4")->info().times_us;
  ASSERT_EQ(times.size(), milliseconds.size());
  for (size_t k = 0; k < times.size(); ++k) { EXPECT_EQ(times[k] - times[0], 1000 * milliseconds[k]) << k; }
}

TEST(VideoDecoder, TurnsPicturesAsTheirFileAsks) {
  TemporaryFolder folder;
  const auto path = folder.path() / "a.mp4";
  cv::Mat picture(64, 128, CV_8UC3, cv::Scalar(20, 20, 200));  // blue at the right
  picture(cv::Rect(0, 0, 64, 64)).setTo(cv::Scalar(200, 20, 20));
  {
    synthesis::VideoEncoder encoder(path, picture.size(), 25, synthesis::VideoEncoder::Kind::picture);
    encoder.add(picture);
    encoder.finish();
  }
  const std::map<int, cv::Point> red = {{0, {20, 32}}, {90, {32, 20}}, {180, {108, 32}}, {270, {32, 108}}};
  for (const auto& [degrees, where] : red) {
    turn_on_screen(path, degrees);
    const auto reader = open_video(path);
    EXPECT_EQ(reader->info().rotation, degrees);
    EXPECT_EQ(reader->info().width, degrees % 180 == 0 ? 128 : 64);
    reader->read({0}, [&](const Frame& frame) {
      EXPECT_EQ(frame.picture.width, reader->info().width);
      EXPECT_EQ(frame.picture.height, reader->info().height);
      const size_t at = static_cast<size_t>(where.y) * frame.picture.stride + 3 * static_cast<size_t>(where.x);
      EXPECT_GT(frame.picture.pixels[at], 150) << degrees;
      EXPECT_LT(frame.picture.pixels[at + 2], 80) << degrees;
    });
  }
}

TEST(VideoDecoder, ReturnsFullRangeColours) {
  TemporaryFolder folder;
  write_counting_video(folder.path() / "a.mp4", 2);
  open_video(folder.path() / "a.mp4")->read({0}, [](const Frame& frame) {
    // Frame 0 is grey 30 all over; a missing range conversion would give 42.
    const size_t at = 64 * frame.picture.stride + 3 * 64;
    for (size_t c = 0; c < 3; ++c) { EXPECT_NEAR(frame.picture.pixels[at + c], 30, 2); }
  });
}

TEST(VideoDecoder, UsesWhatIsBeforeADamagedStretch) {
  TemporaryFolder folder;
  const auto path = folder.path() / "a.mp4";
  write_counting_video(path, 200);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto middle = static_cast<std::streamoff>(std::filesystem::file_size(path) / 2);
    file.seekp(middle);
    file << std::string(200, '\xff');
  }
  const auto seen = numbers(*open_video(path), {0, 1, 2, 3});
  EXPECT_THAT(seen, ElementsAre(std::pair(0, 0), std::pair(1, 1), std::pair(2, 2), std::pair(3, 3)));
}

TEST(VideoDecoder, SaysWhatIsWrongWithAFileThatIsNoVideo) {
  TemporaryFolder folder;
  EXPECT_THAT(failure(folder.write("text.mp4", "this is not a video\n")), HasSubstr("text.mp4"));
  EXPECT_THAT(failure(folder.write("empty.mp4")), HasSubstr("not a video"));
  EXPECT_THAT(failure(folder.path() / "absent.mp4"), HasSubstr("absent.mp4"));
  EXPECT_THAT(failure(folder.write("list.mp4", "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/x.ts\n")),
              HasSubstr("not a video"));
}

TEST(VideoDecoder, RefusesAVideoCutBeforeItsIndex) {
  TemporaryFolder folder;
  write_counting_video(folder.path() / "a.mp4", 60);
  cut_short(folder.path() / "a.mp4", 0.6);
  EXPECT_THAT(failure(folder.path() / "a.mp4"), HasSubstr("a.mp4"));
}

TEST(VideoDecoder, UsesTheFramesBeforeTheEndOfATruncatedVideoAndSaysSo) {
  TemporaryFolder folder;
  const auto path = folder.path() / "a.mp4";
  write_counting_video(path, 200);
  put_index_first(path);
  EXPECT_FALSE(open_video(path)->info().truncated);
  cut_short(path, 0.7);
  const auto reader = open_video(path);
  EXPECT_TRUE(reader->info().truncated);
  EXPECT_GT(reader->info().times_us.size(), 20u);
  EXPECT_LT(reader->info().times_us.size(), 200u);
  EXPECT_THAT(numbers(*reader, {0, 5, 10}), ElementsAre(std::pair(0, 0), std::pair(5, 5), std::pair(10, 10)));
}

TEST(VideoDecoder, KeepsToItsLimits) {
  TemporaryFolder folder;
  write_counting_video(folder.path() / "a.mp4", 60);
  DecodeLimits few_pixels, few_frames;
  few_pixels.max_pixels = 100;
  few_frames.max_frames = 59;
  EXPECT_THAT(failure(folder.path() / "a.mp4", few_pixels), HasSubstr("128 x 128"));
  EXPECT_THAT(failure(folder.path() / "a.mp4", few_frames), HasSubstr("more than 59 frames"));
  cv::imwrite(folder.path() / "wide.png", cv::Mat(2, 33000, CV_8UC3, cv::Scalar(1, 2, 3)));
  try {
    open_pictures({folder.path() / "wide.png"});
    ADD_FAILURE();
  } catch (const DataError& error) { EXPECT_THAT(error.what(), HasSubstr("33000 x 2")); }
}

TEST(VideoDecoder, CountsTheFramesOfRealVideosWithoutTrustingTheirHeaders) {
  const char* data = std::getenv("REALFACE_TEST_DATA");
  const auto root = std::filesystem::path(data == nullptr ? "" : data) / "ffpp";
  if (!std::filesystem::exists(root)) { GTEST_SKIP() << "no ffpp/ in REALFACE_TEST_DATA"; }
  // Numbers of frames as the index of the test data states them.
  const auto frames = [&root](const std::string& name) { return open_video(root / name)->info().times_us.size(); };
  EXPECT_EQ(frames("original_sequences/youtube/c23/videos/634.mp4"), 338u);
  EXPECT_EQ(frames("manipulated_sequences/FaceSwap/c23/videos/634_660.mp4"), 338u);
  EXPECT_EQ(frames("original_sequences/youtube/c23/videos/004.mp4"), 309u);
}

TEST(PictureReader, ReadsPicturesAsFramesAndLeavesOutWhatDoesNotDecode) {
  TemporaryFolder folder;
  std::vector<std::string> paths;
  for (int i = 0; i < 3; ++i) {
    paths.push_back(folder.path() / (std::to_string(i) + ".png"));
    cv::imwrite(paths.back(), cv::Mat(20, 30, CV_8UC3, cv::Scalar(1, 2, 10 * i)));  // blue, green, red
  }
  folder.write("1.png", "broken");
  const auto reader = open_pictures(paths);
  EXPECT_EQ(reader->info().width, 30);
  std::vector<std::pair<int, int>> reds;
  reader->read({0, 1, 2}, [&](const Frame& frame) { reds.emplace_back(frame.index, frame.picture.pixels[0]); });
  EXPECT_THAT(reds, ElementsAre(std::pair(0, 0), std::pair(2, 20)));
  reds.clear();
  open_pictures({paths[1], paths[2]})->read({0, 1}, [&](const Frame& frame) {
    reds.emplace_back(frame.index, frame.picture.pixels[0]);
  });
  EXPECT_THAT(reds, ElementsAre(std::pair(1, 20)));  // a broken one at the start costs itself
  EXPECT_THROW(open_pictures({paths[1]}), DataError);
}

}  // namespace
}  // namespace realface::data::preprocess
