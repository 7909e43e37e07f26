// Masks of pairs beside those that FaceForensics++ ships, of the three uncompressed examples of its README.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <opencv2/imgcodecs.hpp>

#include "data/preprocess/masks/ssim_mask.h"
#include "data/preprocess/video/opencv_view.h"

namespace realface::data::preprocess {
namespace {

/// The expected numbers were computed with NumPy and SciPy from the definitions.
struct Example {
  const char *fake, *real;
  Box face;  // as HOG finds it
  int64_t official, difference, ssim;
  double iou_difference, iou_ssim;
};

std::filesystem::path examples() {
  const char* data = std::getenv("REALFACE_TEST_DATA");
  return std::filesystem::path(data == nullptr ? "" : data) / "ffpp-examples";
}

Picture example(const std::string& name) {
  const cv::Mat bgr = cv::imread(examples() / ("ex_" + name + ".png"));
  Picture picture = make_picture(bgr.cols, bgr.rows);
  cv::cvtColor(bgr, view(picture), cv::COLOR_BGR2RGB);
  return picture;
}

struct Counts {
  int64_t made = 0, both = 0, either = 0;
};

Counts counts_of(const FrameMask& made, const FrameMask& official) {
  Counts counts;
  for (size_t i = 0; i < made.bits.size(); ++i) {
    counts.made += made.bits[i];
    counts.both += made.bits[i] & official.bits[i];
    counts.either += made.bits[i] | official.bits[i];
  }
  return counts;
}

class OfficialMasks : public testing::TestWithParam<Example> {};

TEST_P(OfficialMasks, MeetThoseOfPairsAsFarAsTheDefinitionsSay) {
  if (!std::filesystem::exists(examples())) { GTEST_SKIP() << "no ffpp-examples/ in REALFACE_TEST_DATA"; }
  const Example& want = GetParam();
  const Picture fake = example(want.fake), real = example(want.real);
  const FrameMask official = shipped_mask(example(std::string(want.fake) + "_mask"));
  ASSERT_EQ(misaligned(fake, real), "");
  const auto compare = [&](const std::string& rule, int64_t area, double iou) {
    const Counts counts = counts_of(pair_mask(fake, real, {rule, 0}, {want.face}), official);
    const double found = static_cast<double>(counts.both) / static_cast<double>(counts.either);
    std::cout << fmt::format("{:18} {:10} {:6} pixels, IoU {:.3f}\n", want.fake, rule, counts.made, found);
    EXPECT_NEAR(static_cast<double>(counts.made), static_cast<double>(area), 2 + 0.002 * static_cast<double>(area));
    EXPECT_NEAR(found, iou, 2e-3);
  };
  const Counts shipped = counts_of(official, official);
  std::cout << fmt::format("{:18} official   {:6} pixels\n", want.fake, shipped.made);
  EXPECT_EQ(shipped.made, want.official);
  compare("difference", want.difference, want.iou_difference);
  compare("ssim", want.ssim, want.iou_ssim);
}

INSTANTIATE_TEST_SUITE_P(
    Examples, OfficialMasks,
    testing::Values(
        Example{"deepfakes", "original", {295.5F, 76.5F, 400.5F, 181.5F}, 7656, 1575, 6322, 0.2057, 0.8172},
        Example{"neuraltextures", "original", {295.5F, 76.5F, 400.5F, 181.5F}, 7582, 1206, 7466, 0.0958, 0.4251},
        Example{"deepfakedetection",
                "original_actors",
                {1005.5606F, 169.19698F, 1164.6515F, 326.77274F},
                6708,
                31,
                37397,
                0.0046,
                0.1794}),
    [](const auto& made) { return std::string(made.param.fake); });

}  // namespace
}  // namespace realface::data::preprocess
