#include "data/preprocess/masks/ssim_mask.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "data/preprocess/masks/mask_view.h"
#include "data/preprocess/video/opencv_view.h"

namespace realface::data::preprocess {
namespace {

constexpr float kAboutFace = 1.3F;  // of the longer side of its box
constexpr double kSameSsim = 1e-6;  // differences below it are rounding

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

std::vector<cv::Rect> squares_about(const std::vector<Box>& faces, int width, int height) {
  std::vector<cv::Rect> squares;
  for (const Box& face : faces) {
    const cv::Rect square = pixels_in(square_about(face, kAboutFace), width, height);
    if (!square.empty()) { squares.push_back(square); }
  }
  return squares;
}

/// The two ends over all of them.
std::pair<double, double> range_of(const std::vector<cv::Mat>& maps) {
  double least = 2, most = 0;  // 1 - SSIM is in 0..2
  for (const cv::Mat& map : maps) {
    double low = 0, high = 0;
    cv::minMaxLoc(map, &low, &high);
    least = std::min(least, low);
    most = std::max(most, high);
  }
  return {least, most};
}

/// Sets the bits of the hull of what is over the threshold.
void add_hull(const cv::Mat& stretched, double threshold, cv::Mat bits) {
  cv::Mat smoothed, hull;
  cv::GaussianBlur(stretched, smoothed, {5, 5}, 0);
  cv::Mat over = smoothed > threshold;
  cv::dilate(over, over, cv::getStructuringElement(cv::MORPH_ELLIPSE, {7, 7}), {-1, -1}, 3);
  std::vector<cv::Point> points, corners;
  cv::findNonZero(over, points);
  if (points.empty()) { return; }
  cv::convexHull(points, corners);
  over.setTo(0);
  cv::fillConvexPoly(over, corners, 1);
  cv::erode(over, over, cv::getStructuringElement(cv::MORPH_ELLIPSE, {5, 5}), {-1, -1}, 3);
  cv::bitwise_or(bits, over, bits);
}

}  // namespace

FrameMask ssim_mask(const Picture& fake, const Picture& real, const std::vector<Box>& faces, double threshold) {
  require_one_size(fake, real);
  FrameMask made = empty_mask(fake);
  const auto squares = squares_about(faces, fake.width, fake.height);
  const cv::Mat here = grey_of(fake), there = grey_of(real), bits = bits_of(made);
  std::vector<cv::Mat> apart;
  for (const cv::Rect& square : squares) {
    // Copies, since filters of a part would look at the pixels around it.
    apart.emplace_back(1.0 - structural_similarity(here(square).clone(), there(square).clone()));
  }
  const auto [least, most] = range_of(apart);
  if (most - least < kSameSsim) { return made; }
  for (size_t i = 0; i < squares.size(); ++i) {
    add_hull((apart[i] - least) / (most - least), threshold, bits(squares[i]));
  }
  return made;
}

double area_about(const FrameMask& mask, const std::vector<Box>& faces) {
  FrameMask copy = mask;  // OpenCV has no view of what is constant
  const cv::Mat bits = bits_of(copy);
  double most = 0;
  for (const cv::Rect& square : squares_about(faces, mask.width, mask.height)) {
    most = std::max(most, static_cast<double>(cv::countNonZero(bits(square))) / square.area());
  }
  return most;
}

}  // namespace realface::data::preprocess
