#include "data/synthesis/forgery/disguise.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "data/synthesis/forgery/blending.h"

namespace realface::data::synthesis {
namespace {

constexpr double kInner = 0.5, kOuter = 1.7;  // the band that a crop of a face still shows

/// What is finer than `outer` and wider than `inner`, in pixels of a frame of 256, CV_32F like the picture's channels.
cv::Mat band_of(const cv::Mat& image, double inner, double outer) {
  cv::Mat fine, wide, band;
  cv::GaussianBlur(image, fine, {}, inner * image.rows / 256.0);
  cv::GaussianBlur(image, wide, {}, outer * image.rows / 256.0);
  cv::subtract(fine, wide, band, cv::noArray(), CV_32F);
  return band;
}

cv::Mat grey_of(const cv::Mat& image) {
  cv::Mat grey;
  cv::cvtColor(image, grey, cv::COLOR_RGB2GRAY);
  return grey;
}

/// Lines and skin.
cv::Mat grey_band(const cv::Mat& image) { return band_of(grey_of(image), kInner, kOuter); }

/// How much of a pixel the cover replaces, 0 to 1, CV_32F.
cv::Mat share_of(const cv::Mat& cover) {
  cv::Mat share;
  cover.convertTo(share, CV_32F, 1.0 / 255.0);
  return share;
}

/// Mean height of the finest detail: that of the grain, since lines are few.
double grain_height(const cv::Mat& image, const cv::Mat& cover) {
  const cv::Mat grey = grey_of(image);
  cv::Mat wide, fine;
  cv::GaussianBlur(grey, wide, {}, kOuter * image.rows / 256.0);
  cv::subtract(grey, wide, fine, cv::noArray(), CV_32F);
  return cv::mean(cv::abs(fine), cover)[0];
}

}  // namespace

cv::Mat in_the_light_of(const cv::Mat& original, const cv::Mat& image, double sigma) {
  cv::Mat difference, wide, result;
  cv::subtract(original, image, difference, cv::noArray(), CV_32F);
  cv::GaussianBlur(difference, wide, {}, sigma);
  cv::add(image, wide, result, cv::noArray(), CV_8U);
  return result;
}

void match_lines(const cv::Mat& original, const cv::Mat& cover, double aimed, cv::Mat& image) {
  const cv::Mat mixed = mixed_by(original, image, cover).image, touched = cover > 0;
  const cv::Mat aim = grey_band(original), base = grey_band(mixed), added = grey_band(image).mul(share_of(cover));
  const auto power = [&](const cv::Mat& a, const cv::Mat& b) { return cv::mean(a.mul(b), touched)[0]; };
  // (base + more added)^2 = aimed aim^2, on average
  const double square = std::max(0.01, power(added, added)), cross = power(base, added);
  const double missing = aimed * power(aim, aim) - power(base, base);
  const double root = std::sqrt(std::max(0.0, cross * cross + square * missing));
  const double more = std::clamp((root - cross) / square, -0.5, 1.2);
  cv::add(image, band_of(image, kInner, kOuter) * more, image, cv::noArray(), CV_8U);
}

void match_grain(const cv::Mat& original, const cv::Mat& cover, CounterRng& rng, cv::Mat& image) {
  const cv::Mat mixed = mixed_by(original, image, cover).image, touched = cover > 0;
  const double wanted = grain_height(original, touched), found = grain_height(mixed, touched);
  if (found >= wanted) { return; }
  const cv::Mat share = share_of(cover);
  const double kept = std::sqrt(cv::mean(share.mul(share), touched)[0]);
  // Of normal noise the mean height is 0.8 deviations, of which such a blur leaves nine tenths in the detail.
  const double deviation = std::sqrt(wanted * wanted - found * found) / (0.8 * 0.9 * kept);
  add_grain(image, rng, deviation, 0.6 * deviation);  // as the renderer's camera does
}

}  // namespace realface::data::synthesis
