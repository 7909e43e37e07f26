#include "data/preprocess/masks/frame_mask.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "data/preprocess/masks/mask_view.h"
#include "data/preprocess/masks/ssim_mask.h"
#include "data/preprocess/video/opencv_view.h"

namespace realface::data::preprocess {
namespace {

constexpr int kMaskThreshold = 127;
constexpr double kMuchNearer = 0.7;  // the sum of the differences, over what it is without the shift
constexpr double kMostShift = 1.0;   // pixels; compression moves the peak by less
// Sums of three channels, up to 765, times 64: the smoothed ones then keep six bits of their fraction in 16.
constexpr int kFine = 64;

/// |fake - real| summed over the channels, in units of 1 / kFine.
cv::Mat channel_sum(const Picture& fake, const Picture& real) {
  cv::Mat apart, sum;
  cv::absdiff(view(fake), view(real), apart);
  const cv::Matx13f weights(kFine, kFine, kFine);
  apart.convertTo(apart, CV_32F);
  cv::transform(apart, sum, weights);
  sum.convertTo(sum, CV_16U);
  return sum;
}

cv::Mat square(int side) { return cv::getStructuringElement(cv::MORPH_RECT, {side, side}); }

}  // namespace

FrameMask shipped_mask(const Picture& mask) {
  FrameMask made = empty_mask(mask);
  cv::Mat grey, bits = bits_of(made);
  cv::cvtColor(view(mask), grey, cv::COLOR_RGB2GRAY);
  cv::threshold(grey, bits, kMaskThreshold, 1, cv::THRESH_BINARY);
  return made;
}

double MaskRule::limit() const { return threshold > 0 ? threshold : name == "ssim" ? 0.08 : 0.1; }

FrameMask pair_mask(const Picture& fake, const Picture& real, const MaskRule& rule, const std::vector<Box>& faces) {
  return rule.name == "ssim" ? ssim_mask(fake, real, faces, rule.limit()) : difference_mask(fake, real, rule.limit());
}

FrameMask difference_mask(const Picture& fake, const Picture& real, double threshold) {
  require_one_size(fake, real);
  FrameMask made = empty_mask(fake);
  cv::Mat sum = channel_sum(fake, real), bits = bits_of(made);
  cv::GaussianBlur(sum, sum, {5, 5}, 0);
  cv::Mat over = sum > std::floor(765 * kFine * threshold);
  cv::morphologyEx(over, over, cv::MORPH_CLOSE, square(5));
  cv::morphologyEx(over, over, cv::MORPH_OPEN, square(3));
  cv::threshold(over, bits, kMaskThreshold, 1, cv::THRESH_BINARY);
  return made;
}

std::string misaligned(const Picture& fake, const Picture& real) {
  if (fake.width != real.width || fake.height != real.height) {
    return "its original has frames of " + std::to_string(real.width) + " x " + std::to_string(real.height) + "; " +
           std::to_string(fake.width) + " x " + std::to_string(fake.height) + " were expected";
  }
  const cv::Mat there = grey_of(real), here = grey_of(fake);
  cv::Mat window, moved;
  cv::createHanningWindow(window, here.size(), CV_32F);
  const cv::Point2d shift = cv::phaseCorrelate(there, here, window);
  if (!(std::hypot(shift.x, shift.y) > kMostShift)) { return ""; }  // nor NaN, of a picture without any detail
  // Periodic patterns correlate at several shifts: one counts only if it brings the pictures closer.
  cv::warpAffine(there, moved, cv::Matx23d(1, 0, shift.x, 0, 1, shift.y), here.size(), cv::INTER_LINEAR,
                 cv::BORDER_REPLICATE);
  if (cv::norm(moved, here, cv::NORM_L1) > kMuchNearer * cv::norm(there, here, cv::NORM_L1)) { return ""; }
  return "its original is shifted by " + std::to_string(std::lround(shift.x)) + ", " +
         std::to_string(std::lround(shift.y)) + " pixels";
}

double area_of(const FrameMask& mask) {
  return static_cast<double>(std::ranges::count(mask.bits, 1)) / static_cast<double>(mask.bits.size());
}

double share_inside(const FrameMask& mask, const Box& box, int shown_width, int shown_height) {
  const double x = static_cast<double>(mask.width) / shown_width, y = static_cast<double>(mask.height) / shown_height;
  const cv::Rect part = pixels_in(box, mask.width, mask.height, x, y);
  int64_t inside = 0, all = 0;
  for (int row = 0; row < mask.height; ++row) {
    const uint8_t* bits = mask.bits.data() + static_cast<size_t>(row) * static_cast<size_t>(mask.width);
    all += std::count(bits, bits + mask.width, 1);
    if (row >= part.y && row < part.br().y) { inside += std::count(bits + part.x, bits + part.br().x, 1); }
  }
  return all == 0 ? 0 : static_cast<double>(inside) / static_cast<double>(all);
}

}  // namespace realface::data::preprocess
