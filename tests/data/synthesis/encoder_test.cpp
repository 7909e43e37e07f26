#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <opencv2/core.hpp>
#include <string>
#include <thread>
#include <vector>

#include "base/atomic_file.h"
#include "base/counter_rng.h"
#include "base/error.h"
#include "data/synthesis/drawing/identity.h"
#include "data/synthesis/drawing/motion.h"
#include "data/synthesis/drawing/renderer.h"
#include "data/synthesis/video_encoder.h"
#include "tests/data/synthesis/decode.h"
#include "tests/temporary_folder.h"

extern "C" {
#include <libavutil/pixfmt.h>
}

namespace realface::data::synthesis {
namespace {

std::filesystem::path place(const std::string& name) {
  return std::filesystem::path(testing::TempDir()) / (std::to_string(getpid()) + name);
}

std::vector<cv::Mat> ragged_masks(int size) {
  CounterRng rng(1, CounterRng::Purpose::test, {3});
  std::vector<cv::Mat> masks;
  for (int frame = 0; frame < 5; ++frame) {
    cv::Mat mask(size, size, CV_8U);
    for (int y = 0; y < size; ++y) {
      for (int x = 0; x < size; ++x) { mask.at<uint8_t>(y, x) = rng.chance(0.5) ? 255 : 0; }
    }
    masks.push_back(mask);
  }
  return masks;
}

TEST(SynthesisEncoder, GivesMasksBackExactlyHoweverRagged) {
  const auto path = place("masks.mp4");
  const auto masks = ragged_masks(130);
  VideoEncoder encoder(path, {130, 130}, 25, VideoEncoder::Kind::mask);
  for (const cv::Mat& mask : masks) { encoder.add(mask); }
  encoder.finish();
  const Decoded decoded = decode(path);
  ASSERT_EQ(decoded.rgb.size(), masks.size());
  for (size_t i = 0; i < masks.size(); ++i) {
    EXPECT_EQ(cv::countNonZero((decoded.luma[i] > 127) != masks[i]), 0);
    cv::Mat green;
    cv::extractChannel(decoded.rgb[i], green, 1);
    EXPECT_EQ(cv::countNonZero((green > 127) != masks[i]), 0);
  }
}

TEST(SynthesisEncoder, KeepsColoursAndTagsTheirMeaning) {
  const auto path = place("colours.mp4");
  const cv::Scalar skin(205, 150, 120), blue(30, 60, 200);
  cv::Mat picture(128, 128, CV_8UC3, skin);
  picture(cv::Rect(0, 0, 64, 128)).setTo(blue);
  VideoEncoder encoder(path, {128, 128}, 25, VideoEncoder::Kind::picture);
  for (int frame = 0; frame < 3; ++frame) { encoder.add(picture); }
  encoder.finish();
  const Decoded decoded = decode(path);
  ASSERT_EQ(decoded.rgb.size(), 3U);
  EXPECT_EQ(decoded.colour_space, AVCOL_SPC_SMPTE170M);
  EXPECT_EQ(decoded.colour_range, AVCOL_RANGE_MPEG);
  EXPECT_DOUBLE_EQ(decoded.frames_per_second, 25.0);
  const cv::Scalar left = cv::mean(decoded.rgb[1](cv::Rect(8, 8, 40, 110)));
  const cv::Scalar right = cv::mean(decoded.rgb[1](cv::Rect(80, 8, 40, 110)));
  for (int c = 0; c < 3; ++c) {
    EXPECT_NEAR(left[c], blue[c], 4.0);
    EXPECT_NEAR(right[c], skin[c], 4.0);
  }
}

/// Encoders that work at the same time must not see each other: x264's AVX-512 code once did.
TEST(SynthesisEncoder, WritesTheSameBytesWhateverElseIsEncoded) {
  const TemporaryFolder folder;
  constexpr uint64_t kPeople = 12;
  const auto written = [&](uint64_t number, size_t thread) {
    const Renderer person(make_identity(3, number), 160);
    const auto file = folder.path() / (std::to_string(thread) + ".mp4");
    VideoEncoder encoder(file, {160, 160}, 25, VideoEncoder::Kind::picture);
    for (int64_t at = 0; at < 8; ++at) { encoder.add(person.render(pose_at(person.person(), at), at).image); }
    encoder.finish();
    return read_file(file);
  };
  std::vector<std::string> alone;
  for (uint64_t number = 0; number < kPeople; ++number) { alone.push_back(written(number, 9)); }
  std::atomic<uint64_t> next{0}, different{0};
  {
    std::vector<std::jthread> crew;
    for (size_t thread = 0; thread < 4; ++thread) {
      crew.emplace_back([&, thread] {
        for (uint64_t job = next++; job < 4 * kPeople; job = next++) {
          if (written(job % kPeople, thread) != alone[job % kPeople]) { ++different; }
        }
      });
    }
  }
  EXPECT_EQ(different, 0U);
}

TEST(SynthesisEncoder, RefusesAPictureOfAnotherSizeAndDropsTheUnfinishedFile) {
  const auto path = place("unfinished.mp4");
  {
    VideoEncoder encoder(path, {128, 128}, 25, VideoEncoder::Kind::picture);
    EXPECT_THROW(encoder.add(cv::Mat::zeros(64, 128, CV_8UC3)), Error);
    EXPECT_THROW(encoder.add(cv::Mat::zeros(128, 128, CV_8U)), Error);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(SynthesisEncoder, NamesTheFileThatCannotBeWritten) {
  const auto path = place("no_such_folder") / "x.mp4";
  try {
    VideoEncoder encoder(path, {128, 128}, 25, VideoEncoder::Kind::picture);
    FAIL() << "a file in a missing folder was opened";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("x.mp4"), std::string::npos) << error.what();
  }
}

TEST(SynthesisEncoder, FailsOnAFullDisk) {
  if (!std::filesystem::exists("/dev/full")) { GTEST_SKIP() << "no /dev/full here"; }
  const auto fill = [] {
    VideoEncoder encoder("/dev/full", {128, 128}, 25, VideoEncoder::Kind::mask);
    for (const cv::Mat& mask : ragged_masks(128)) { encoder.add(mask); }
    encoder.finish();
  };
  EXPECT_THROW(fill(), Error);
}

}  // namespace
}  // namespace realface::data::synthesis
