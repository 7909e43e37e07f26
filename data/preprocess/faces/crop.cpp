#include "data/preprocess/faces/crop.h"

#include <opencv2/imgproc.hpp>

#include "data/preprocess/video/opencv_view.h"

namespace realface::data::preprocess {
namespace {

cv::Matx23d matrix(const Affine& m) { return {m[0], m[1], m[2], m[3], m[4], m[5]}; }

/// `to_crop` for a mask picture whose pixels are `x` by `y` pixels of the video: pixel centres are at integers, so the
/// stretch is about -0.5.
Affine stretched(const Affine& m, float x, float y) {
  const float dx = 0.5F * x - 0.5F, dy = 0.5F * y - 0.5F;
  return {m[0] * x, m[1] * y, m[2] + m[0] * dx + m[1] * dy, m[3] * x, m[4] * y, m[5] + m[3] * dx + m[4] * dy};
}

}  // namespace

std::vector<uint8_t> crop_pixels(const Picture& picture, const Affine& to_crop, int size) {
  std::vector<uint8_t> pixels(static_cast<size_t>(size) * static_cast<size_t>(size) * 3);
  cv::Mat out(size, size, CV_8UC3, pixels.data());
  cv::warpAffine(view(picture), out, matrix(to_crop), {size, size}, cv::INTER_CUBIC, cv::BORDER_REPLICATE);
  return pixels;
}

std::vector<uint8_t> crop_mask(const FrameMask& mask, const Affine& to_crop, int size, int shown_width,
                               int shown_height) {
  const cv::Mat bits(mask.height, mask.width, CV_8UC1, const_cast<uint8_t*>(mask.bits.data()));
  std::vector<uint8_t> pixels(static_cast<size_t>(size) * static_cast<size_t>(size));
  cv::Mat out(size, size, CV_8UC1, pixels.data());
  const Affine transform = stretched(to_crop, static_cast<float>(shown_width) / static_cast<float>(mask.width),
                                     static_cast<float>(shown_height) / static_cast<float>(mask.height));
  cv::warpAffine(bits, out, matrix(transform), {size, size}, cv::INTER_NEAREST, cv::BORDER_CONSTANT);
  return pixels;
}

}  // namespace realface::data::preprocess
