#include "data/synthesis/forgery/manipulation.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "data/synthesis/drawing/draws.h"

namespace realface::data::synthesis {
namespace {

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
    default:
      throw UsageError("[synth] " + method_name(method) + " is not drawn at level easy; give --level hard");
  }
}

}  // namespace

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
    default:
      return {};  // the constructor refused it
  }
}

Forgery Forger::forge(const Frame& original, int64_t frame) const {
  cv::Mat cover;
  const int sampling = method_ == Method::faceswap ? cv::INTER_NEAREST : cv::INTER_LINEAR;
  cv::remap(region_, cover, original.map, {}, sampling);
  return mixed_by(original.image, replacement(original, cover, frame), cover);
}

}  // namespace realface::data::synthesis
