#include "data/synthesis/manipulation.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "data/synthesis/draws.h"

namespace realface::data::synthesis {
namespace {

constexpr std::array kNames = {"Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures"};

/// An oval that fades out towards its rim.
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

/// The hull of brows, jaw and chin: straight edges, all or nothing.
cv::Mat hard_hull(const Canvas& canvas, const Head& head) {
  const float chin = head.mouth_v + 0.4F, wide = 0.84F * head.width;
  const std::array<cv::Vec2f, 6> half = {
      {{0.3F, -0.5F}, {0.72F, -0.46F}, {wide, 0.0F}, {0.93F * wide, 0.6F}, {0.62F * wide, chin - 0.2F}, {0.25F, chin}}};
  std::vector<cv::Point> corners;
  for (const cv::Vec2f& at : half) { corners.emplace_back(canvas.x(at[0]), canvas.y(at[1])); }
  for (auto at = half.rbegin(); at != half.rend(); ++at) {
    corners.emplace_back(canvas.x(-(*at)[0]), canvas.y((*at)[1]));
  }
  cv::Mat region = cv::Mat::zeros(canvas.height, canvas.width, CV_8U);
  cv::fillConvexPoly(region, corners, cv::Scalar(255));
  return region;
}

cv::Mat region_of(Method method, const Renderer& target) {
  const Canvas& canvas = target.canvas();
  const Head& head = target.person().head;
  switch (method) {
    case Method::deepfakes: {
      const float top = -0.56F, bottom = head.mouth_v + 0.46F;
      return soft_oval(canvas, 0.5F * (top + bottom), 0.86F * head.width, 0.5F * (bottom - top), 0.78F);
    }
    case Method::face2face:
      return soft_oval(canvas, head.mouth_v + 0.1F, 0.62F, 0.46F, 0.7F);
    case Method::faceswap:
      return hard_hull(canvas, head);
    case Method::neural_textures:
      return soft_oval(canvas, head.mouth_v - 0.08F, 0.66F, 0.56F, 0.8F);
  }
  return {};
}

/// Loses what a small network would lose.
cv::Mat softened(const cv::Mat& image, double scale) {
  cv::Mat small, back;
  cv::resize(image, small, {}, scale, scale, cv::INTER_AREA);
  cv::resize(small, back, image.size(), 0, 0, cv::INTER_LINEAR);
  return back;
}

/// Gives `image` the mean and, within reason, the contrast that `like` has below the cover, channel by channel.
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

/// A slow ripple of about a pixel and a half in a frame of 256.
cv::Mat rippled(const cv::Mat& image, int64_t frame) {
  const auto size = static_cast<float>(image.rows);
  const float reach = 0.006F * size, turn = 6.2832F / (0.16F * size), phase = 0.35F * static_cast<float>(frame);
  cv::Mat map(image.rows, image.cols, CV_32FC2), warped;
  for (int y = 0; y < map.rows; ++y) {
    auto* row = map.ptr<cv::Vec2f>(y);
    for (int x = 0; x < map.cols; ++x) {
      const auto px = static_cast<float>(x), py = static_cast<float>(y);
      row[x] = {px + reach * std::sin(turn * py + phase), py + reach * std::sin(turn * px * 0.8F - phase)};
    }
  }
  cv::remap(image, warped, map, {}, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  return warped;
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

}  // namespace

std::string method_name(Method method) { return kNames[static_cast<size_t>(method)]; }

Method method_of(const std::string& name) {
  for (const Method method : kMethods) {
    if (method_name(method) == name) { return method; }
  }
  const std::string near = nearest(name, {kNames.begin(), kNames.end()});
  throw UsageError("[synth] unknown method \"" + name +
                   "\"; known are Deepfakes, Face2Face, FaceSwap and NeuralTextures" +
                   (near.empty() ? "" : "; did you mean " + near + "?"));
}

Forger::Forger(Method method, const Renderer& target, const Identity& source)
    : method_(method), target_(target), source_(source), region_(region_of(method, target)) {
  if (method == Method::deepfakes || method == Method::faceswap) {
    swapped_ = std::make_unique<Renderer>(swap_face(target.person(), source), target.size());
  }
  CounterRng rng = draws(target.person().seed, Draw::forgery, target.person().number, source.number);
  const float gain = rng.chance(0.5) ? between(rng, 0.74F, 0.86F) : between(rng, 1.14F, 1.28F);
  cast_ = {gain * between(rng, 0.9F, 1.1F), gain, gain * between(rng, 0.88F, 1.12F)};
}

cv::Mat Forger::replacement(const Frame& original, const cv::Mat& cover, int64_t frame) const {
  Pose pose = pose_at(target_.person(), frame);
  switch (method_) {
    case Method::deepfakes: {
      const cv::Mat face = swapped_->render(pose, std::nullopt).image;
      return colours_matched(softened(face, 0.6), original.image, cover);
    }
    case Method::face2face: {
      pose.expression = pose_at(source_, frame).expression;
      return softened(target_.render(pose, std::nullopt).image, 0.75);
    }
    case Method::faceswap: {
      // Most of the way to the target's colours, then off again by a cast: wrong, but not another skin altogether.
      const cv::Mat face = swapped_->render(pose, std::nullopt).image;
      cv::Mat pasted;
      cv::addWeighted(colours_matched(face, original.image, cover), 0.75, face, 0.25, 0.0, pasted);
      cv::multiply(pasted, cv::Scalar(cast_[0], cast_[1], cast_[2]), pasted);
      return pasted;
    }
    case Method::neural_textures:
      return softened(rippled(original.image, frame), 0.4);
  }
  return {};
}

Forgery Forger::forge(const Frame& original, int64_t frame) const {
  cv::Mat cover;
  const int sampling = method_ == Method::faceswap ? cv::INTER_NEAREST : cv::INTER_LINEAR;
  cv::remap(region_, cover, original.map, {}, sampling);
  return mixed_by(original.image, replacement(original, cover, frame), cover);
}

}  // namespace realface::data::synthesis
