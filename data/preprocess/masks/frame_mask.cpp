#include "data/preprocess/masks/frame_mask.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "data/preprocess/video/opencv_view.h"

namespace realface::data::preprocess {
namespace {

constexpr int kMaskThreshold = 127;
constexpr double kSameSsim = 1e-6;   // differences below it are rounding
constexpr double kMuchNearer = 0.7;  // the sum of the differences, over what it is without the shift
constexpr double kMostShift = 1.0;   // pixels; compression moves the peak by less
// Sums of three channels, up to 765, times 64: the smoothed ones then keep six bits of their fraction in 16.
constexpr int kFine = 64;

FrameMask empty_mask(int width, int height) {
  return {width, height, std::vector<uint8_t>(static_cast<size_t>(width) * static_cast<size_t>(height))};
}

cv::Mat bits_of(FrameMask& mask) { return {mask.height, mask.width, CV_8UC1, mask.bits.data()}; }

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

void require_one_size(const Picture& fake, const Picture& real) {
  if (fake.width == real.width && fake.height == real.height) { return; }
  throw DataError(misaligned(fake, real));
}

/// CV_32F, 0 to 255.
cv::Mat grey_of(const Picture& picture) {
  cv::Mat grey;
  cv::cvtColor(view(picture), grey, cv::COLOR_RGB2GRAY);
  grey.convertTo(grey, CV_32F);
  return grey;
}

cv::Mat smooth(const cv::Mat& image) {
  cv::Mat smoothed;
  cv::GaussianBlur(image, smoothed, {11, 11}, 1.5);
  return smoothed;
}

/// SSIM of every pixel's neighbourhood, with the constants of the paper for a range of 255.
cv::Mat structural_similarity(const cv::Mat& a, const cv::Mat& b) {
  constexpr double kLight = 0.01 * 255 * 0.01 * 255, kContrast = 0.03 * 255 * 0.03 * 255;
  const cv::Mat mean_a = smooth(a), mean_b = smooth(b), both = mean_a.mul(mean_b);
  const cv::Mat squares = mean_a.mul(mean_a) + mean_b.mul(mean_b);
  const cv::Mat variances = smooth(a.mul(a)) + smooth(b.mul(b)) - squares, covariance = smooth(a.mul(b)) - both;
  const cv::Mat above = (2 * both + kLight).mul(2 * covariance + kContrast);
  const cv::Mat below = (squares + kLight).mul(variances + kContrast);
  return above / below;
}

cv::Mat square(int side) { return cv::getStructuringElement(cv::MORPH_RECT, {side, side}); }

/// The first pixel of `count` at or after an edge of a box that is scaled by `factor`.
int edge(float position, double factor, int count) {
  return static_cast<int>(
      std::clamp(std::ceil((static_cast<double>(position) + 0.5) * factor - 0.5), 0.0, static_cast<double>(count)));
}

}  // namespace

FrameMask shipped_mask(const Picture& mask) {
  FrameMask made = empty_mask(mask.width, mask.height);
  cv::Mat grey, bits = bits_of(made);
  cv::cvtColor(view(mask), grey, cv::COLOR_RGB2GRAY);
  cv::threshold(grey, bits, kMaskThreshold, 1, cv::THRESH_BINARY);
  return made;
}

double MaskRule::limit() const { return threshold > 0 ? threshold : name == "ssim" ? 0.08 : 0.1; }

FrameMask pair_mask(const Picture& fake, const Picture& real, const MaskRule& rule) {
  return rule.name == "ssim" ? ssim_mask(fake, real, rule.limit()) : difference_mask(fake, real, rule.limit());
}

FrameMask difference_mask(const Picture& fake, const Picture& real, double threshold) {
  require_one_size(fake, real);
  FrameMask made = empty_mask(fake.width, fake.height);
  cv::Mat sum = channel_sum(fake, real), bits = bits_of(made);
  cv::GaussianBlur(sum, sum, {5, 5}, 0);
  cv::Mat over = sum > std::floor(765 * kFine * threshold);
  cv::morphologyEx(over, over, cv::MORPH_CLOSE, square(5));
  cv::morphologyEx(over, over, cv::MORPH_OPEN, square(3));
  cv::threshold(over, bits, kMaskThreshold, 1, cv::THRESH_BINARY);
  return made;
}

FrameMask ssim_mask(const Picture& fake, const Picture& real, double threshold) {
  require_one_size(fake, real);
  FrameMask made = empty_mask(fake.width, fake.height);
  cv::Mat apart = 1.0 - structural_similarity(grey_of(fake), grey_of(real)), bits = bits_of(made);
  double least = 0, most = 0;
  cv::minMaxLoc(apart, &least, &most);
  if (most - least < kSameSsim) { return made; }
  apart = (apart - least) / (most - least);
  cv::GaussianBlur(apart, apart, {5, 5}, 0);
  cv::Mat over = apart > threshold;
  cv::dilate(over, over, cv::getStructuringElement(cv::MORPH_ELLIPSE, {7, 7}), {-1, -1}, 3);
  std::vector<cv::Point> points, hull;
  cv::findNonZero(over, points);
  if (points.empty()) { return made; }
  cv::convexHull(points, hull);
  over.setTo(0);
  cv::fillConvexPoly(over, hull, 255);
  cv::erode(over, over, cv::getStructuringElement(cv::MORPH_ELLIPSE, {5, 5}), {-1, -1}, 3);
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
  const int left = edge(box.left, x, mask.width), right = edge(box.right, x, mask.width);
  const int top = edge(box.top, y, mask.height), bottom = edge(box.bottom, y, mask.height);
  int64_t inside = 0, all = 0;
  for (int row = 0; row < mask.height; ++row) {
    const uint8_t* bits = mask.bits.data() + static_cast<size_t>(row) * static_cast<size_t>(mask.width);
    all += std::count(bits, bits + mask.width, 1);
    if (row >= top && row < bottom && left < right) { inside += std::count(bits + left, bits + right, 1); }
  }
  return all == 0 ? 0 : static_cast<double>(inside) / static_cast<double>(all);
}

}  // namespace realface::data::preprocess
