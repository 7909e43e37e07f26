#include "data/faces/augment.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/counter_rng.h"

namespace realface::data {
namespace {

using Purpose = CounterRng::Purpose;

void resize_square(const Augmentation& drawn, uint8_t* pixels, int64_t size, int type, int interpolation,
                   std::vector<uint8_t>& scratch) {
  const auto side = static_cast<int>(size);
  cv::Mat whole(side, side, type, pixels);
  const size_t bytes = whole.total() * whole.elemSize();
  if (scratch.size() < bytes) { scratch.resize(bytes); }
  cv::Mat copy(side, side, type, scratch.data());
  whole.copyTo(copy);
  // From the new picture to the old one, pixel centres at integers: edges at -0.5 go to edges.
  const double scale = drawn.side / static_cast<double>(size), shift = (scale - 1) / 2;
  const cv::Matx23d back(scale, 0, drawn.left + shift, 0, scale, drawn.top + shift);
  cv::warpAffine(copy, whole, back, whole.size(), interpolation | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
}

}  // namespace

Augmentation draw_augmentation(const AugmentConfig& config, int64_t size, uint64_t seed, uint64_t epoch,
                               uint64_t sample) {
  Augmentation drawn;
  if (config.flip) { drawn.flip = CounterRng(seed, Purpose::flip, {epoch, sample}).chance(0.5); }
  if (config.smallest >= 1 && config.shift == 0) { return drawn; }
  CounterRng rng(seed, Purpose::crop, {epoch, sample});
  drawn.side = static_cast<double>(size);
  if (config.smallest < 1) {
    drawn.side *= std::sqrt(rng.uniform(config.smallest, 1.0));
    drawn.left = rng.uniform() * (static_cast<double>(size) - drawn.side);
    drawn.top = rng.uniform() * (static_cast<double>(size) - drawn.side);
  }
  if (config.shift > 0) {
    const auto moved = [&] {
      return static_cast<double>(rng.below(static_cast<uint64_t>(2 * config.shift + 1))) -
             static_cast<double>(config.shift);
    };
    drawn.left += moved();
    drawn.top += moved();
  }
  return drawn;
}

void augment_picture(const Augmentation& drawn, uint8_t* rgb, int64_t size, std::vector<uint8_t>& scratch) {
  if (drawn.side > 0) { resize_square(drawn, rgb, size, CV_8UC3, cv::INTER_CUBIC, scratch); }
  if (drawn.flip) { mirror(rgb, size, size, 3); }
}

void augment_map(const Augmentation& drawn, uint8_t* map, int64_t size, std::vector<uint8_t>& scratch) {
  if (drawn.side > 0) { resize_square(drawn, map, size, CV_8UC1, cv::INTER_NEAREST, scratch); }
  if (drawn.flip) { mirror(map, size, size, 1); }
}

void augment_landmarks(const Augmentation& drawn, std::span<float, 136> landmarks, int64_t size) {
  if (drawn.side > 0) {
    const double scale = static_cast<double>(size) / drawn.side, shift = (scale - 1) / 2;
    for (size_t i = 0; i < landmarks.size(); ++i) {
      const double origin = i % 2 == 0 ? drawn.left : drawn.top;
      landmarks[i] = static_cast<float>((landmarks[i] - origin) * scale + shift);
    }
  }
  if (drawn.flip) { flip_landmarks(landmarks, static_cast<int>(size)); }
}

void mirror(uint8_t* pixels, int64_t height, int64_t width, int64_t channels) {
  for (int64_t row = 0; row < height; ++row, pixels += channels * width) {
    for (uint8_t *left = pixels, *right = pixels + channels * (width - 1); left < right;
         left += channels, right -= channels) {
      std::swap_ranges(left, left + channels, right);
    }
  }
}

}  // namespace realface::data
