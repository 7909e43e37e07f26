#include "data/preprocess/masks/frame_mask.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "data/preprocess/video/opencv_view.h"

namespace realface::data::preprocess {
namespace {

constexpr int kMaskThreshold = 127;
// Sums of three channels, up to 765, times 64: the smoothed ones then keep six bits of their fraction in 16.
constexpr int kFine = 64;
constexpr int kTenth = 765 * kFine / 10;

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

FrameMask difference_mask(const Picture& fake, const Picture& real) {
  if (fake.width != real.width || fake.height != real.height) {
    throw DataError("its original has frames of " + std::to_string(real.width) + " x " + std::to_string(real.height) +
                    "; " + std::to_string(fake.width) + " x " + std::to_string(fake.height) + " were expected");
  }
  FrameMask made = empty_mask(fake.width, fake.height);
  cv::Mat sum = channel_sum(fake, real), bits = bits_of(made);
  cv::GaussianBlur(sum, sum, {5, 5}, 0);
  cv::Mat over = sum > kTenth;
  cv::morphologyEx(over, over, cv::MORPH_CLOSE, square(5));
  cv::morphologyEx(over, over, cv::MORPH_OPEN, square(3));
  cv::threshold(over, bits, kMaskThreshold, 1, cv::THRESH_BINARY);
  return made;
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
