#include "data/faces/self_blend.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/counter_rng.h"

namespace realface::data {
namespace {

using Purpose = CounterRng::Purpose;

constexpr double kReference = 256;  // pixels: the side at which the recipe's lengths are meant
constexpr double kTampered = 0.5;

double signed_draw(CounterRng& rng, double limit) { return rng.uniform(-limit, limit); }

/// Every second number of low..high.
int odd(CounterRng& rng, int low, int high) {
  return low + 2 * static_cast<int>(rng.below(static_cast<uint64_t>((high - low) / 2 + 1)));
}

void shift_hsv(CounterRng& rng, cv::Mat& picture) {
  constexpr double kDegrees = 2.5, kShare = 0.03;
  const auto hue = static_cast<float>(signed_draw(rng, kDegrees));
  const auto saturation = static_cast<float>(signed_draw(rng, kShare)),
             value = static_cast<float>(signed_draw(rng, kShare));
  cv::Mat real, hsv;
  picture.convertTo(real, CV_32F, 1 / 255.0);
  cv::cvtColor(real, hsv, cv::COLOR_RGB2HSV);
  hsv.forEach<cv::Vec3f>([=](cv::Vec3f& pixel, const int*) {
    pixel[0] = std::fmod(pixel[0] + hue + 360.0F, 360.0F);
    pixel[1] = std::clamp(pixel[1] + saturation, 0.0F, 1.0F);
    pixel[2] = std::clamp(pixel[2] + value, 0.0F, 1.0F);
  });
  cv::cvtColor(hsv, real, cv::COLOR_HSV2RGB);
  real.convertTo(picture, CV_8U, 255);
}

void change_colour(CounterRng& rng, cv::Mat& picture) {
  constexpr double kRgbChance = 0.3, kRgbLimit = 20, kLightLimit = 0.1;
  if (rng.chance(kRgbChance)) {
    const double red = signed_draw(rng, kRgbLimit), green = signed_draw(rng, kRgbLimit),
                 blue = signed_draw(rng, kRgbLimit);
    cv::add(picture, cv::Scalar(red, green, blue), picture);
  }
  shift_hsv(rng, picture);
  const double contrast = 1 + signed_draw(rng, kLightLimit), light = 255 * signed_draw(rng, kLightLimit);
  picture.convertTo(picture, CV_8U, contrast, light);
}

void downscale(CounterRng& rng, cv::Mat& picture) {
  const int ratio = rng.chance(0.5) ? 2 : 4;
  cv::Mat small;
  cv::resize(picture, small, {std::max(1, picture.cols / ratio), std::max(1, picture.rows / ratio)}, 0, 0,
             cv::INTER_NEAREST);
  cv::resize(small, picture, picture.size(), 0, 0, cv::INTER_LINEAR);
}

void sharpen(CounterRng& rng, cv::Mat& picture) {
  const auto share = static_cast<float>(rng.uniform(0.2, 0.5)), light = static_cast<float>(rng.uniform(0.5, 1.0));
  cv::Matx33f kernel = cv::Matx33f::all(-share);
  kernel(1, 1) = 1 - share + share * (8 + light);
  cv::filter2D(picture, picture, -1, kernel);
}

void change(CounterRng& rng, cv::Mat& picture) {
  change_colour(rng, picture);
  if (rng.chance(0.5)) {
    downscale(rng, picture);
  } else {
    sharpen(rng, picture);
  }
}

/// From the nose's base to the brows, times how far the forehead reaches over them.
Point forehead(CounterRng& rng, Landmarks landmarks) {
  constexpr double kChance = 0.75, kLowest = 0.4, kHighest = 0.9;
  const double reach = rng.chance(kChance) ? rng.uniform(kLowest, kHighest) : 0;
  const Point nose = mean_point(landmarks, kNoseBase), left = mean_point(landmarks, kLeftBrow),
              right = mean_point(landmarks, kRightBrow);
  return {reach * ((left.x + right.x) / 2 - nose.x), reach * ((left.y + right.y) / 2 - nose.y)};
}

/// 1 inside the convex hull of the landmarks, else 0; empty where they say nothing about this picture.
cv::Mat hull_mask(CounterRng& rng, Landmarks landmarks, cv::Size size) {
  if (!plausible(landmarks)) { return {}; }
  const double farthest = 4.0 * std::max(size.width, size.height);
  std::vector<cv::Point> points, hull;
  for (size_t i = 0; i < landmarks.size(); i += 2) {
    const double x = landmarks[i], y = landmarks[i + 1];
    if (std::abs(x) > farthest || std::abs(y) > farthest) { return {}; }
    points.emplace_back(cvRound(x), cvRound(y));
  }
  const Point up = forehead(rng, landmarks);
  for (int number = kLeftBrow.first; number <= kRightBrow.last; ++number) {
    const Point brow = point(landmarks, number);
    points.emplace_back(cvRound(brow.x + up.x), cvRound(brow.y + up.y));
  }
  cv::convexHull(points, hull);
  cv::Mat mask = cv::Mat::zeros(size, CV_32F);
  cv::fillConvexPoly(mask, hull, 1);
  return mask;
}

/// Moves and stretches source and mask together, about the picture's middle.
void move_both(CounterRng& rng, cv::Mat& source, cv::Mat& mask) {
  constexpr double kRight = 0.03, kDown = 0.015, kSmallest = 0.95;
  const double x = rng.uniform(kSmallest, 1 / kSmallest), y = rng.uniform(kSmallest, 1 / kSmallest);
  const double right = signed_draw(rng, kRight) * source.cols, down = signed_draw(rng, kDown) * source.rows;
  const double middle_x = (source.cols - 1) / 2.0, middle_y = (source.rows - 1) / 2.0;
  const cv::Matx23d move(x, 0, middle_x * (1 - x) + right, 0, y, middle_y * (1 - y) + down);
  cv::Mat moved;
  cv::warpAffine(source, moved, move, source.size(), cv::INTER_LINEAR, cv::BORDER_REFLECT_101);
  source = moved;
  cv::warpAffine(mask, moved, move, mask.size(), cv::INTER_LINEAR, cv::BORDER_CONSTANT);
  mask = moved.clone();
}

/// A smooth field of displacements. The recipe blurs white noise (deviation 7 pixels, times 50), which leaves bumps
/// about 14 pixels wide and 1.2 pixels high: as many drawn knots with a cubic surface through them are the same.
cv::Mat displacement(CounterRng& rng, cv::Size size) {
  constexpr int kKnots = 18;
  constexpr double kDeviation = 1.2, kLimit = 3;
  cv::Mat knots(kKnots, kKnots, CV_32F), field;
  const double unit = kDeviation * std::max(size.width, size.height) / kReference;
  for (int i = 0; i < kKnots * kKnots; ++i) {
    knots.at<float>(i / kKnots, i % kKnots) = static_cast<float>(unit * std::clamp(rng.normal(), -kLimit, kLimit));
  }
  cv::resize(knots, field, size, 0, 0, cv::INTER_CUBIC);
  return field;
}

void bend(CounterRng& rng, cv::Mat& mask) {
  cv::Mat x = displacement(rng, mask.size()), y = displacement(rng, mask.size()), bent;
  for (int row = 0; row < mask.rows; ++row) {
    for (int column = 0; column < mask.cols; ++column) {
      x.at<float>(row, column) += static_cast<float>(column);
      y.at<float>(row, column) += static_cast<float>(row);
    }
  }
  cv::remap(mask, bent, x, y, cv::INTER_LINEAR, cv::BORDER_CONSTANT);
  mask = bent;
}

/// Scales to a maximum of 1; false where all is 0.
bool normalise(cv::Mat& mask) {
  double largest = 0;
  cv::minMaxLoc(mask, nullptr, &largest);
  if (largest <= 0) { return false; }
  mask *= 1 / largest;
  return true;
}

/// The first blur, cut to where it is whole, shrinks the mask; the second makes its edge soft. False where nothing is
/// left.
bool soften(CounterRng& rng, cv::Mat& mask) {
  constexpr double kWhole = 1 - 1e-4;  // a kernel's weights sum to 1 only about
  const int height = 192 + static_cast<int>(rng.below(65)), width = 192 + static_cast<int>(rng.below(65));
  const int first = odd(rng, 5, 25), second = odd(rng, 5, 25), deviation = 5 + static_cast<int>(rng.below(41));
  cv::Mat work;
  cv::resize(mask, work, {width, height}, 0, 0, cv::INTER_LINEAR);
  cv::GaussianBlur(work, work, {first, first}, 0, 0, cv::BORDER_REFLECT_101);
  if (!normalise(work)) { return false; }
  cv::threshold(work, work, kWhole, 1, cv::THRESH_BINARY);
  cv::GaussianBlur(work, work, {second, second}, deviation, deviation, cv::BORDER_REFLECT_101);
  if (!normalise(work)) { return false; }
  cv::resize(work, mask, mask.size(), 0, 0, cv::INTER_LINEAR);
  return true;
}

uint8_t blend(uint8_t source, uint8_t target, float alpha) {
  const float value = static_cast<float>(target) + alpha * (static_cast<float>(source) - static_cast<float>(target));
  return static_cast<uint8_t>(std::lround(value));
}

/// Fills in the blend of `source` into `out.real` by `mask`.
void compose(const cv::Mat& source, const cv::Mat& mask, float ratio, SelfBlend& out) {
  out.blended = true;
  const auto* from = source.ptr<uint8_t>();
  const auto* cover = mask.ptr<float>();
  for (size_t i = 0; i < out.alpha.size(); ++i) {
    out.tampered[i] = cover[i] > static_cast<float>(kTampered) ? 1 : 0;
    out.alpha[i] = std::clamp(cover[i], 0.0F, 1.0F) * ratio;
    for (size_t c = 3 * i; c < 3 * i + 3; ++c) { out.fake[c] = blend(from[c], out.real[c], out.alpha[i]); }
  }
}

}  // namespace

SelfBlend self_blend(const uint8_t* rgb, int height, int width, Landmarks landmarks, uint64_t seed, uint64_t epoch,
                     uint64_t sample) {
  constexpr std::array<float, 6> kRatios = {0.25F, 0.5F, 0.75F, 1, 1, 1};
  const size_t pixels = static_cast<size_t>(height) * static_cast<size_t>(width);
  SelfBlend out;
  out.real.assign(rgb, rgb + 3 * pixels);
  out.fake = out.real;
  out.alpha.assign(pixels, 0);
  out.tampered.assign(pixels, 0);
  CounterRng rng(seed, Purpose::blend, {epoch, sample});
  cv::Mat mask = hull_mask(rng, landmarks, {width, height});
  if (mask.empty()) { return out; }

  cv::Mat source(height, width, CV_8UC3);
  std::copy(rgb, rgb + 3 * pixels, source.ptr<uint8_t>());
  cv::Mat changed = source.clone();
  change(rng, changed);
  const bool change_source = rng.chance(0.5);
  const float ratio = kRatios[rng.below(kRatios.size())];
  cv::Mat& moving = change_source ? changed : source;
  move_both(rng, moving, mask);
  bend(rng, mask);
  if (!soften(rng, mask)) { return out; }
  if (!change_source) { out.real.assign(changed.ptr<uint8_t>(), changed.ptr<uint8_t>() + 3 * pixels); }
  compose(moving, mask, ratio, out);
  return out;
}

}  // namespace realface::data
