#include "data/synthesis/forgery/blending.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "data/synthesis/drawing/texture.h"

namespace realface::data::synthesis {

cv::Mat soft_oval(const Canvas& canvas, float middle_v, float half_u, float half_v, float solid) {
  cv::Mat region(canvas.height, canvas.width, CV_8U);
  for (int y = 0; y < canvas.height; ++y) {
    auto* row = region.ptr<uint8_t>(y);
    for (int x = 0; x < canvas.width; ++x) {
      const float a = std::abs(canvas.u(x)) / half_u, b = std::abs(canvas.v(y) - middle_v) / half_v;
      const float r = std::pow(std::pow(a, 2.4F) + std::pow(b, 2.4F), 1.0F / 2.4F);
      row[x] = static_cast<uint8_t>(255.0F * (1.0F - ramp(solid, 1.0F, r)) + 0.5F);
    }
  }
  return region;
}

cv::Mat softened(const cv::Mat& image, double scale) {
  cv::Mat small, back;
  cv::resize(image, small, {}, scale, scale, cv::INTER_AREA);
  cv::resize(small, back, image.size(), 0, 0, cv::INTER_LINEAR);
  return back;
}

cv::Mat smoothed(const cv::Mat& image, double levels) {
  cv::Mat result;
  cv::bilateralFilter(image, result, 5, levels, 2.0 * image.rows / 256.0);
  return result;
}

cv::Mat colours_matched(const cv::Mat& image, const cv::Mat& like, const cv::Mat& cover) {
  cv::Scalar own_mean, own_spread, mean, spread;
  cv::meanStdDev(image, own_mean, own_spread, cover);
  cv::meanStdDev(like, mean, spread, cover);
  cv::Mat planes[3];
  cv::split(image, planes);
  for (int c = 0; c < 3; ++c) {
    const double gain = std::clamp(spread[c] / std::max(1.0, own_spread[c]), 0.6, 1.6);
    planes[c].convertTo(planes[c], CV_8U, gain, mean[c] - gain * own_mean[c]);
  }
  cv::Mat matched;
  cv::merge(planes, 3, matched);
  return matched;
}

cv::Mat rippled(const cv::Mat& image, int64_t frame, float reach) {
  const auto size = static_cast<float>(image.rows);
  const float pixels = reach * size, turn = 6.2832F / (0.16F * size), phase = 0.35F * static_cast<float>(frame);
  cv::Mat map(image.rows, image.cols, CV_32FC2), warped;
  for (int y = 0; y < map.rows; ++y) {
    auto* row = map.ptr<cv::Vec2f>(y);
    for (int x = 0; x < map.cols; ++x) {
      const auto px = static_cast<float>(x), py = static_cast<float>(y);
      row[x] = {px + pixels * std::sin(turn * py + phase), py + pixels * std::sin(turn * px * 0.8F - phase)};
    }
  }
  cv::remap(image, warped, map, {}, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  return warped;
}

void add_grain(cv::Mat& image, CounterRng& rng, double light, double colour) {
  const cv::Mat grey = grain(rng, image.cols, image.rows) * light;
  const cv::Mat red = grain(rng, image.cols, image.rows) * colour, blue = grain(rng, image.cols, image.rows) * colour;
  cv::Mat noise;
  cv::merge(std::vector<cv::Mat>{grey + red, grey, grey + blue}, noise);
  cv::add(image, noise, image, cv::noArray(), CV_8U);
}

Forgery mixed_by(const cv::Mat& original, const cv::Mat& replacement, const cv::Mat& cover) {
  Forgery forged{original.clone(), cv::Mat::zeros(original.rows, original.cols, CV_8U)};
  for (int y = 0; y < original.rows; ++y) {
    const auto* part = cover.ptr<uint8_t>(y);
    const auto* other = replacement.ptr<cv::Vec3b>(y);
    auto* pixel = forged.image.ptr<cv::Vec3b>(y);
    auto* mask = forged.mask.ptr<uint8_t>(y);
    for (int x = 0; x < original.cols; ++x) {
      // A cover below 4 % cannot be told from noise: such pixels are left alone, so that the mask stays honest.
      if (part[x] < 10) { continue; }
      mask[x] = 255;
      for (int c = 0; c < 3; ++c) {
        pixel[x][c] = static_cast<uint8_t>((other[x][c] * part[x] + pixel[x][c] * (255 - part[x]) + 127) / 255);
      }
    }
  }
  return forged;
}

}  // namespace realface::data::synthesis
