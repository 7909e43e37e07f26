#include "data/synthesis/drawing/geometry.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>

namespace realface::data::synthesis {
namespace {

/// The head's bulge alone, and a soft nose: slopes stay so low that no pose within pose_at's limits folds the face over
/// itself, which keeps the inverse below a contraction.
float soft_height(const Head& head, float u, float v) {
  const float r = outline(head, u, v);
  const float bulge = r < 1.0F ? 1.0F - r * r : std::max(-0.5F, -1.2F * (r - 1.0F));
  return head.depth * bulge + 0.17F * bell(u, v - head.nose_v + 0.08F, 0.26F, 0.34F) - 0.25F;
}

float nose_relief(const Identity& person, float u, float v) {
  const Nose& nose = person.nose;
  const float tip_v = person.head.nose_v;
  const float down = std::clamp((v - (tip_v - nose.length)) / nose.length, 0.0F, 1.0F);
  const float below = 1.0F - ramp(tip_v + 0.06F, tip_v + 0.18F, v);
  const float above = ramp(tip_v - nose.length - 0.2F, tip_v - nose.length + 0.25F, v);
  const float half = mixed(0.1F, 0.165F, down);
  const float ridge = nose.bridge * mixed(0.045F, 0.17F, down) * std::exp(-(u * u) / (half * half));
  const float ball = 0.14F * nose.tip * bell(u, v - tip_v, 0.15F, 0.14F);
  const float wing = 0.085F * bell(std::abs(u) - nose.width * 0.82F, v - tip_v - 0.06F, 0.075F, 0.085F);
  return ridge * below * above + ball + wing;
}

float mouth_relief(const Identity& person, float u, float v) {
  const float mouth = person.head.mouth_v;
  const float across = std::exp(-std::pow(std::abs(u) / (person.lips.width * 0.9F), 3.0F));
  const float upper = 0.05F * across * bell(0.0F, v - mouth + 0.07F, 1.0F, 0.06F);
  const float lower = 0.075F * across * bell(0.0F, v - mouth - 0.085F, 1.0F, 0.07F);
  const float muzzle = 0.1F * bell(u, v - mouth, 0.42F, 0.3F);
  const float philtrum = -0.02F * bell(u, v - mouth + 0.24F, 0.04F, 0.1F);
  const float dent = -0.05F * bell(u, v - mouth - 0.25F, 0.25F, 0.07F);
  const float chin = person.head.chin * 1.3F * bell(u, v - mouth - 0.43F, 0.24F, 0.16F);
  const float fold_u = std::abs(u) - mixed(0.27F, 0.47F, std::clamp((v - person.head.nose_v) / 0.45F, 0.0F, 1.2F));
  const float fold = -0.035F * (0.35F + person.skin.age) * bell(fold_u, v - mouth + 0.2F, 0.06F, 0.28F);
  return upper + lower + muzzle + philtrum + dent + chin + fold;
}

float upper_relief(const Identity& person, float u, float v) {
  const Head& head = person.head;
  const float side = std::abs(u) - head.eye_gap;
  const float socket = -0.13F * bell(side + 0.03F, v - head.eye_v + 0.06F, 0.3F, 0.17F);
  const float eyeball = 0.07F * bell(side, v - head.eye_v, 0.19F, 0.13F);
  const float ridge = 0.055F * bell(side + 0.02F, v + 0.3F, 0.36F, 0.1F);
  const float glabella = 0.03F * bell(u, v + 0.3F, 0.15F, 0.15F);
  const float cheek = head.cheeks * bell(std::abs(u) - 0.6F, v - 0.4F, 0.26F, 0.24F);
  const float bag = 0.02F * (0.3F + person.skin.age) * bell(side, v - head.eye_v - 0.17F, 0.18F, 0.05F);
  return socket + eyeball + ridge + glabella + cheek + bag;
}

/// The rotation of a pose, undone.
class Turn {
 public:
  explicit Turn(const Pose& pose)
      : sin_roll_(std::sin(pose.roll)),
        cos_roll_(std::cos(pose.roll)),
        sin_yaw_(std::sin(pose.yaw)),
        cos_yaw_(std::cos(pose.yaw)),
        sin_pitch_(std::sin(pose.pitch)),
        cos_pitch_(std::cos(pose.pitch)) {}

  /// The place on the face that is seen at a place of the screen, both in units.
  cv::Vec2f back(const Head& head, const cv::Vec2f& seen) const {
    constexpr float kNeck = 1.5F;  // the head rolls about the neck, not about the eyes
    const float x = cos_roll_ * seen[0] + sin_roll_ * (seen[1] - kNeck);
    const float y = cos_roll_ * (seen[1] - kNeck) - sin_roll_ * seen[0] + kNeck;
    float u = x, v = y;
    for (int round = 0; round < 5; ++round) {
      const float z = soft_height(head, u, v);
      u = (x - z * sin_yaw_) / cos_yaw_;
      v = (y - z * sin_pitch_) / cos_pitch_;
    }
    return {u, v};
  }

 private:
  float sin_roll_, cos_roll_, sin_yaw_, cos_yaw_, sin_pitch_, cos_pitch_;
};

/// Undoes what an expression moves: the fall of the jaw, the rise of brows and cheeks.
cv::Vec2f relaxed(const Head& head, const Expression& face, const cv::Vec2f& at) {
  const float side = std::abs(at[0]), mouth = head.mouth_v;
  float v = at[1];
  const float chin = ramp(mouth + 0.1F, mouth + 0.5F, v) * (1.0F - ramp(0.55F, 1.1F, side));
  v -= 0.17F * face.mouth_open * chin * (1.0F - ramp(mouth + 0.8F, mouth + 1.1F, v));
  v += face.brow_raise * bell(side - 0.42F, v + 0.33F, 0.42F, 0.2F);
  v += 0.05F * face.smile * bell(side - 0.6F, v - 0.55F, 0.25F, 0.28F);
  return {at[0], v};
}

}  // namespace

Canvas face_canvas(const Identity& person, int frame_size) {
  const float px = 1.15F * person.head.size * static_cast<float>(frame_size);
  return {static_cast<int>(3.5F * px), static_cast<int>(4.15F * px), px, -1.75F, -2.15F};
}

float outline(const Head& head, float u, float v) {
  const float x = std::abs(u) / head.width, y = (v + 0.12F) / head.height;
  if (y < 0.0F) {
    const float power = 2.2F;
    return std::pow(std::pow(x / 1.06F, power) + std::pow(-y / 1.46F, power), 1.0F / power);
  }
  const float narrowed = x * (1.0F + head.taper * ramp(0.3F, 1.5F, y)) / 1.06F;
  return std::pow(std::pow(narrowed, head.jaw) + std::pow(y / 1.66F, head.jaw), 1.0F / head.jaw);
}

float relief(const Identity& person, float u, float v) {
  const float r = outline(person.head, u, v);
  const float bulge = r < 0.97F ? std::sqrt(1.0F - r * r) : 0.243F - (r - 0.97F) * 3.5F;
  return 0.85F * person.head.depth * bulge + nose_relief(person, u, v) + mouth_relief(person, u, v) +
         upper_relief(person, u, v);
}

cv::Mat normals(const Identity& person, const Canvas& canvas) {
  cv::Mat height(canvas.height, canvas.width, CV_32F);
  for (int y = 0; y < canvas.height; ++y) {
    auto* row = height.ptr<float>(y);
    for (int x = 0; x < canvas.width; ++x) { row[x] = relief(person, canvas.u(x), canvas.v(y)); }
  }
  cv::Mat normal(canvas.height, canvas.width, CV_32FC3);
  for (int y = 0; y < canvas.height; ++y) {
    const auto* row = height.ptr<float>(y);
    const auto* up = height.ptr<float>(std::max(0, y - 1));
    const auto* down = height.ptr<float>(std::min(canvas.height - 1, y + 1));
    auto* out = normal.ptr<cv::Vec3f>(y);
    for (int x = 0; x < canvas.width; ++x) {
      const float du = (row[std::min(canvas.width - 1, x + 1)] - row[std::max(0, x - 1)]) * 0.5F * canvas.px;
      const float dv = (down[x] - up[x]) * 0.5F * canvas.px;
      out[x] = cv::Vec3f(-du, -dv, 1.0F) / std::sqrt(du * du + dv * dv + 1.0F);
    }
  }
  return normal;
}

cv::Mat screen_to_canvas(const Identity& person, const Canvas& canvas, const Pose& pose, int size) {
  // The map is smooth, so every fourth pixel is computed and the rest interpolated.
  constexpr int kStep = 4;
  const Head& head = person.head;
  const float frame = static_cast<float>(size), unit = head.size * frame;
  const Turn turn(pose);
  const int nodes = (size + kStep - 1) / kStep;
  cv::Mat coarse(nodes, nodes, CV_32FC2);
  for (int j = 0; j < nodes; ++j) {
    auto* row = coarse.ptr<cv::Vec2f>(j);
    const float y = (static_cast<float>(j) + 0.5F) * kStep - 0.5F;
    for (int i = 0; i < nodes; ++i) {
      const float x = (static_cast<float>(i) + 0.5F) * kStep - 0.5F;
      const cv::Vec2f seen((x - head.x * frame) / unit - pose.x, (y - head.y * frame) / unit - pose.y);
      const cv::Vec2f at = relaxed(head, pose.expression, turn.back(head, seen));
      row[i] = {(at[0] - canvas.left) * canvas.px, (at[1] - canvas.top) * canvas.px};
    }
  }
  cv::Mat map;
  cv::resize(coarse, map, {nodes * kStep, nodes * kStep}, 0, 0, cv::INTER_LINEAR);
  return map(cv::Rect(0, 0, size, size)).clone();
}

}  // namespace realface::data::synthesis
