#include "data/synthesis/drawing/texture.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

namespace realface::data::synthesis {

cv::Mat fractal(CounterRng& rng, int width, int height, float cell, int octaves, float gain) {
  cv::Mat sum = cv::Mat::zeros(height, width, CV_32F);
  float weight = 1.0F;
  for (int octave = 0; octave < octaves; ++octave, cell *= 0.5F, weight *= gain) {
    const float used = std::max(cell, 1.0F);
    const int columns = static_cast<int>(static_cast<float>(width) / used) + 3;
    const int rows = static_cast<int>(static_cast<float>(height) / used) + 3;
    cv::Mat grid(rows, columns, CV_32F);
    for (int y = 0; y < rows; ++y) {
      auto* row = grid.ptr<float>(y);
      for (int x = 0; x < columns; ++x) { row[x] = static_cast<float>(rng.next_u32()) * 0x1.0p-31F - 1.0F; }
    }
    // Sampled by an affine map, so that the cells keep their size whatever the size of the picture.
    const cv::Matx23f to_grid(1.0F / used, 0.0F, 1.0F, 0.0F, 1.0F / used, 1.0F);
    cv::Mat fine;
    cv::warpAffine(grid, fine, to_grid, {width, height}, cv::INTER_CUBIC | cv::WARP_INVERSE_MAP, cv::BORDER_REPLICATE);
    sum += fine * static_cast<double>(weight);
  }
  return sum;
}

cv::Mat grain(CounterRng& rng, int width, int height) {
  cv::Mat noise(height, width, CV_32F);
  for (int y = 0; y < height; ++y) {
    auto* row = noise.ptr<float>(y);
    for (int x = 0; x < width; ++x) {
      const uint32_t bits = rng.next_u32();
      // The sum of four bytes is close to normal; its deviation is sqrt(4 (256^2 - 1) / 12) = 147.8.
      const auto sum = static_cast<int>((bits & 255U) + ((bits >> 8U) & 255U) + ((bits >> 16U) & 255U) + (bits >> 24U));
      row[x] = static_cast<float>(sum - 510) * (1.0F / 147.8F);
    }
  }
  return noise;
}

float lookup(const cv::Mat& texture, float x, float y) {
  const float clamped = std::clamp(y, 0.0F, static_cast<float>(texture.rows - 1) - 0.001F);
  const float floor_x = std::floor(x);
  const int wide = texture.cols;
  const int x0 = ((static_cast<int>(floor_x) % wide) + wide) % wide, x1 = (x0 + 1) % wide;
  const int y0 = static_cast<int>(clamped), y1 = std::min(y0 + 1, texture.rows - 1);
  const float ax = x - floor_x, ay = clamped - static_cast<float>(y0);
  const auto* top = texture.ptr<float>(y0);
  const auto* bottom = texture.ptr<float>(y1);
  return (top[x0] * (1 - ax) + top[x1] * ax) * (1 - ay) + (bottom[x0] * (1 - ax) + bottom[x1] * ax) * ay;
}

}  // namespace realface::data::synthesis
