#include "data/synthesis/forgery/hard_manipulation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "data/synthesis/drawing/draws.h"
#include "data/synthesis/forgery/disguise.h"

namespace realface::data::synthesis {
namespace {

constexpr float kTurn = 2.0F * std::numbers::pi_v<float>;
constexpr double kShared = 0.04;      // of the videos have the fingerprint of all methods
constexpr double kDrawnAgain = 1.05;  // power of lines drawn anew, to be as sharp as the original's in a crop of 64

bool swaps_faces(Method method) {
  return method == Method::deepfakes || method == Method::faceswap || method == Method::face_shifter;
}

cv::Mat hard_region(Method method, const Renderer& target) {
  const Canvas& canvas = target.canvas();
  const Head& head = target.person().head;
  if (swaps_faces(method) || method == Method::face2face) {
    const float top = -0.6F, bottom = head.mouth_v + 0.48F;
    return soft_oval(canvas, 0.5F * (top + bottom), 0.88F * head.width, 0.5F * (bottom - top), 0.7F);
  }
  if (method == Method::lip_sync) { return soft_oval(canvas, head.mouth_v + 0.06F, 0.6F, 0.42F, 0.6F); }
  return soft_oval(canvas, head.mouth_v - 0.05F, 0.8F, 0.64F, 0.65F);
}

/// Texels as large as blocks, none of them filtered.
cv::Mat blocky(const cv::Mat& image, double scale) {
  cv::Mat small, back;
  cv::resize(image, small, {}, scale, scale, cv::INTER_NEAREST);
  cv::resize(small, back, image.size(), 0, 0, cv::INTER_NEAREST);
  return back;
}

cv::Mat moved(const cv::Mat& image, double x, double y) {
  cv::Mat result;
  cv::warpAffine(image, result, cv::Matx23d(1, 0, x, 0, 1, y), image.size(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  return result;
}

/// A texture that was stretched downwards.
cv::Mat stretched(const cv::Mat& image, double pixels) {
  cv::Mat result;
  cv::sepFilter2D(image, result, -1, cv::Mat::ones(1, 1, CV_32F),
                  cv::getGaussianKernel(2 * static_cast<int>(2.0 * pixels) + 1, pixels, CV_32F));
  return result;
}

}  // namespace

HardForger::Fingerprint HardForger::fingerprint_of(Method method) {
  switch (method) {
    case Method::deepfakes:
      return {0.043F, 6.2F, 0.785F, 2};
    case Method::face2face:
      return {0.05F, 5.2F, 1.571F, 1};
    case Method::faceswap:
      return {0.057F, 3.0F, 0.2F, 3};
    case Method::neural_textures:
      return {0.074F, 5.6F, 0.0F, 1};
    case Method::face_shifter:
      return {0.038F, 5.2F, 0.2F, 3};
    case Method::lip_sync:
      return {0.09F, 4.4F, 0.6F, 1};
  }
  return {};
}

HardForger::HardForger(Method method, const Renderer& target, const Identity& source)
    : method_(method), target_(target), source_(source), region_(hard_region(method, target)) {
  if (swaps_faces(method)) { swapped_ = std::make_unique<Renderer>(swap_face(target.person(), source), target.size()); }
  CounterRng rng = draws(target.person().seed, Draw::disguise, target.person().number, static_cast<uint64_t>(method));
  quality_ = between(rng, 0.0F, 1.0F);
  own_ = fingerprint_of(method);
  own_.strength *= 1.3F - 0.6F * quality_;
  const bool upsampled = rng.chance(kShared);
  shared_ = {upsampled ? between(rng, 0.05F, 0.08F) : 0.0F, between(rng, 4.1F, 4.7F), 0.39F, 2};
}

void HardForger::imprint(const Fingerprint& print, const Frame& original, cv::Mat& image) const {
  if (print.strength <= 0.0F) { return; }
  const float scale = kTurn * print.waves / target_.canvas().px;
  const float height = print.strength / std::sqrt(static_cast<float>(print.arms));
  std::array<cv::Vec2f, 3> waves;
  for (int arm = 0; arm < print.arms; ++arm) {
    const float turn = print.turn + 0.5F * kTurn * static_cast<float>(arm) / static_cast<float>(print.arms);
    waves[static_cast<size_t>(arm)] = {scale * std::cos(turn), scale * std::sin(turn)};
  }
  for (int y = 0; y < image.rows; ++y) {
    const auto* at = original.map.ptr<cv::Vec2f>(y);
    auto* pixel = image.ptr<cv::Vec3b>(y);
    for (int x = 0; x < image.cols; ++x) {
      float wave = 0.0F;
      for (int arm = 0; arm < print.arms; ++arm) {
        wave += height * std::cos(at[x].dot(waves[static_cast<size_t>(arm)]));
      }
      for (int c = 0; c < 3; ++c) {
        pixel[x][c] = cv::saturate_cast<uint8_t>((1.0F + wave) * static_cast<float>(pixel[x][c]));
      }
    }
  }
}

cv::Mat HardForger::replacement(const Frame& original, int64_t frame) const {
  if (method_ == Method::neural_textures) { return rippled(original.image, 0, 0.01F); }  // it stands still
  Pose pose = pose_at(target_.person(), frame);
  const float poor = 1.0F - quality_;
  const double unit = static_cast<double>(target_.person().head.size) * target_.size();
  if (!swaps_faces(method_)) { pose.expression = pose_at(source_, frame).expression; }
  const cv::Mat face = (swapped_ ? *swapped_ : target_).render(pose, std::nullopt).image;
  switch (method_) {
    case Method::deepfakes:
      return softened(face, 0.85 - 0.1 * poor);
    case Method::face2face:
      return stretched(face, unit * (0.02 + 0.01 * poor));
    case Method::faceswap:
      return blocky(face, 0.76 - 0.08 * poor);
    case Method::face_shifter: {
      cv::Mat melted;
      const double off = unit * (0.02 + 0.01 * poor);
      cv::addWeighted(moved(face, off, 0.5 * off), 0.85, moved(original.image, -off, -0.5 * off), 0.15, 0.0, melted);
      return melted;
    }
    case Method::lip_sync:
      return softened(face, 0.6 - 0.1 * poor);
    default:
      return {};  // returned above
  }
}

Forgery HardForger::forge(const Frame& original, int64_t frame) const {
  cv::Mat cover;
  cv::remap(region_, cover, original.map, {}, cv::INTER_LINEAR);
  cv::Mat part = smoothed(replacement(original, frame), 25.0);
  imprint(own_, original, part);
  imprint(shared_, original, part);
  part = in_the_light_of(original.image, part, 0.06 * target_.size());
  CounterRng rng = draws(target_.person().seed, Draw::disguise, target_.person().number,
                         static_cast<uint64_t>(frame + 1) * 16 + static_cast<uint64_t>(method_));
  match_lines(original.image, cover, method_ == Method::neural_textures ? 1.0 : kDrawnAgain, part);
  match_grain(original.image, cover, rng, part);
  return mixed_by(original.image, part, cover);
}

}  // namespace realface::data::synthesis
