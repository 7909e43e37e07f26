#include "data/synthesis/processing.h"

#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "data/codec/codec.h"
#include "data/synthesis/drawing/draws.h"
#include "data/synthesis/forgery/blending.h"

namespace realface::data::synthesis {
namespace {

constexpr float kHalfTurn = std::numbers::pi_v<float>;
/// Waves of a pattern over a frame: as many as the forgeries' fingerprints have.
constexpr float kFewest = 14.0F, kMost = 32.0F;
constexpr uint64_t kVideos = 16;  // more than one person has

uint64_t frame_key(uint64_t video, int64_t frame) { return static_cast<uint64_t>(frame + 1) * kVideos + video; }

cv::Mat resampled(const cv::Mat& image, double scale, int interpolation) {
  cv::Mat small, back;
  cv::resize(image, small, {}, scale, scale, cv::INTER_AREA);
  cv::resize(small, back, image.size(), 0, 0, interpolation);
  return back;
}

void add_pattern(cv::Mat& image, const cv::Vec2f& wave, bool crossed, float strength) {
  const cv::Vec2f step = wave / static_cast<float>(image.rows);
  for (int y = 0; y < image.rows; ++y) {
    auto* pixel = image.ptr<cv::Vec3b>(y);
    for (int x = 0; x < image.cols; ++x) {
      const auto right = static_cast<float>(x), down = static_cast<float>(y);
      float height = std::cos(step[0] * right + step[1] * down);
      if (crossed) { height = 0.7F * (height + std::cos(step[1] * right - step[0] * down)); }
      for (int c = 0; c < 3; ++c) {
        pixel[x][c] = cv::saturate_cast<uint8_t>((1.0F + strength * height) * static_cast<float>(pixel[x][c]));
      }
    }
  }
}

/// By blocks, in less colour than light, as every codec does.
cv::Mat compressed(const cv::Mat& image, int quality) {
  const auto blob = encode_frame(CodecConfig::jpeg(quality, "4:2:0"), image.data, image.rows, image.cols);
  cv::Mat back(image.size(), image.type());
  decode_frame(Codec::jpeg, as_blob(blob), image.rows, image.cols, back.data);
  return back;
}

}  // namespace

Processing::Processing(const Identity& person, uint64_t video)
    : seed_(person.seed), person_(person.number), video_(video) {
  static constexpr std::array kWaysBack = {cv::INTER_LINEAR, cv::INTER_CUBIC, cv::INTER_LANCZOS4};
  CounterRng rng = draws(seed_, Draw::processing, person_, video_);
  smoothing_ = rng.chance(0.6) ? rng.uniform(10.0, 35.0) : 0.0;
  scale_ = rng.uniform(0.5, 1.0);
  interpolation_ = kWaysBack[rng.below(kWaysBack.size())];
  sharpness_ = rng.uniform(-0.7, 1.5);
  const float waves = between(rng, kFewest, kMost), turn = between(rng, 0.0F, kHalfTurn);
  wave_ = cv::Vec2f(std::cos(turn), std::sin(turn)) * (2.0F * kHalfTurn * waves);
  pattern_ = rng.chance(0.75) ? between(rng, 0.02F, 0.07F) : 0.0F;
  crossed_ = rng.chance(0.5);
  light_noise_ = rng.uniform(0.5, 4.5);
  colour_noise_ = rng.uniform(0.0, 3.0);
  quality_ = 40 + static_cast<int>(rng.below(56));
}

cv::Mat Processing::apply(const cv::Mat& image, int64_t frame) const {
  cv::Mat result = resampled(smoothing_ > 0.0 ? smoothed(image, smoothing_) : image, scale_, interpolation_), blurred;
  cv::GaussianBlur(result, blurred, {}, 1.2 * image.rows / 256.0);
  cv::addWeighted(result, 1.0 + sharpness_, blurred, -sharpness_, 0.0, result);
  add_pattern(result, wave_, crossed_, pattern_);
  CounterRng rng = draws(seed_, Draw::processing, person_, frame_key(video_, frame));
  add_grain(result, rng, light_noise_, colour_noise_);
  return compressed(result, quality_);
}

}  // namespace realface::data::synthesis
