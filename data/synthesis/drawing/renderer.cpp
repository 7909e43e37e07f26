#include "data/synthesis/drawing/renderer.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "data/synthesis/drawing/draws.h"
#include "data/synthesis/drawing/expression.h"

namespace realface::data::synthesis {
namespace {

/// Square root as a table: half of the time of a frame would go into it otherwise.
class Gamma {
 public:
  Gamma() {
    for (size_t i = 0; i < kSteps; ++i) {
      const float light = (static_cast<float>(i) + 0.5F) / static_cast<float>(kSteps);
      levels_[i] = level(light);
    }
  }
  uint8_t operator()(float light) const {
    const float step = std::clamp(light, 0.0F, 0.99999F) * static_cast<float>(kSteps);
    return levels_[static_cast<size_t>(static_cast<int>(step))];
  }

 private:
  static constexpr size_t kSteps = 8192;
  std::array<uint8_t, kSteps> levels_{};
};

/// A direction of the room as the turned head sees it.
cv::Vec3f into_head(const Pose& pose, const cv::Vec3f& direction) {
  const float cr = std::cos(pose.roll), sr = std::sin(pose.roll);
  const cv::Vec3f unrolled(cr * direction[0] + sr * direction[1], cr * direction[1] - sr * direction[0], direction[2]);
  const float cy = std::cos(pose.yaw), sy = std::sin(pose.yaw);
  const cv::Vec3f unturned(cy * unrolled[0] - sy * unrolled[2], unrolled[1], cy * unrolled[2] + sy * unrolled[0]);
  const float cp = std::cos(pose.pitch), sp = std::sin(pose.pitch);
  return {unturned[0], cp * unturned[1] - sp * unturned[2], cp * unturned[2] + sp * unturned[1]};
}

/// image = image + (layer - image) * cover, in levels.
void lay_over(const cv::Mat& layer, cv::Mat& image) {
  for (int y = 0; y < image.rows; ++y) {
    const auto* over = layer.ptr<uint8_t>(y);
    auto* under = image.ptr<uint8_t>(y);
    for (int x = 0; x < image.cols; ++x, over += 4, under += 3) {
      const int part = over[3];
      if (part == 0) { continue; }
      for (int c = 0; c < 3; ++c) {
        under[c] = static_cast<uint8_t>((over[c] * part + under[c] * (255 - part) + 127) / 255);
      }
    }
  }
}

}  // namespace

Renderer::Renderer(const Identity& person, int size)
    : person_(person),
      size_(size),
      margin_(size / 16),
      head_(paint_head(person, size)),
      body_(paint_body(person, size, margin_)),
      backdrop_(paint_backdrop(person, size, margin_)) {}

cv::Mat Renderer::light_head(const Pose& pose) const {
  static const Gamma kGamma;
  cv::Mat albedo = head_.albedo.clone();
  paint_eyes(person_, pose, head_.canvas, albedo);
  paint_mouth(person_, pose.expression, head_.canvas, albedo);
  const cv::Vec3f lamp = into_head(pose, person_.light.direction), eye = into_head(pose, {0.0F, 0.0F, 1.0F});
  const cv::Vec3f halfway = (lamp + eye) / static_cast<float>(cv::norm(lamp + eye));
  const Colour ambient = person_.light.ambient, direct = person_.light.colour;
  cv::Mat lit(albedo.rows, albedo.cols, CV_8UC4);
  for (int y = 0; y < albedo.rows; ++y) {
    const auto* colour = albedo.ptr<Colour>(y);
    const auto* normal = head_.normal.ptr<cv::Vec3f>(y);
    const auto* cover_row = head_.alpha.ptr<float>(y);
    const auto* open = head_.occlusion.ptr<float>(y);
    const auto* shine = head_.shine.ptr<float>(y);
    auto* out = lit.ptr<cv::Vec4b>(y);
    for (int x = 0; x < albedo.cols; ++x) {
      if (cover_row[x] <= 0.0F) {
        out[x] = {0, 0, 0, 0};
        continue;
      }
      // Skin scatters light past the terminator, so the fall-off is wrapped.
      const float facing = std::max(0.0F, (normal[x].dot(lamp) + 0.18F) / 1.18F) * open[x];
      const float mirror = std::max(0.0F, normal[x].dot(halfway));
      const float m4 = mirror * mirror * mirror * mirror, m16 = m4 * m4 * m4 * m4;
      const float gloss = shine[x] * m16 * open[x];
      for (int c = 0; c < 3; ++c) {
        out[x][c] = kGamma(colour[x][c] * (ambient[c] * open[x] + direct[c] * facing) + gloss * direct[c]);
      }
      out[x][3] = static_cast<uint8_t>(cover_row[x] * 255.0F + 0.5F);
    }
  }
  return lit;
}

void Renderer::add_noise(cv::Mat& image, int64_t frame) const {
  CounterRng rng = draws(person_.seed, Draw::noise, person_.number, static_cast<uint64_t>(frame));
  // Of one draw's four bytes the sum is the noise of the light and two differences that of the colour.
  const float light = person_.camera.noise / 147.8F, colour = 0.6F * person_.camera.noise / 104.5F;
  for (int y = 0; y < image.rows; ++y) {
    auto* pixel = image.ptr<cv::Vec3b>(y);
    for (int x = 0; x < image.cols; ++x) {
      const uint32_t bits = rng.next_u32();
      const auto a = static_cast<int>(bits & 255U), b = static_cast<int>((bits >> 8U) & 255U);
      const auto c = static_cast<int>((bits >> 16U) & 255U), d = static_cast<int>(bits >> 24U);
      const float grey = light * static_cast<float>(a + b + c + d - 510) + 0.5F;
      const float red = colour * static_cast<float>(a - b), blue = colour * static_cast<float>(c - d);
      const auto add = [](uint8_t value, float amount) {
        return static_cast<uint8_t>(std::clamp(static_cast<float>(value) + amount, 0.0F, 255.0F));
      };
      pixel[x] = {add(pixel[x][0], grey + red), add(pixel[x][1], grey), add(pixel[x][2], grey + blue)};
    }
  }
}

Frame Renderer::render(const Pose& pose, std::optional<int64_t> noise_frame) const {
  Frame frame;
  frame.image = backdrop_(cv::Rect(margin_, margin_, size_, size_)).clone();
  const float unit = person_.head.size * static_cast<float>(size_);
  const auto margin = static_cast<float>(margin_);
  const cv::Matx23f follow(1.0F, 0.0F, margin - 0.6F * pose.x * unit, 0.0F, 1.0F, margin - 0.6F * pose.y * unit);
  cv::Mat layer;
  cv::warpAffine(body_, layer, follow, {size_, size_}, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP);
  lay_over(layer, frame.image);
  frame.map = screen_to_canvas(person_, head_.canvas, pose, size_);
  cv::remap(light_head(pose), layer, frame.map, {}, cv::INTER_LINEAR);
  lay_over(layer, frame.image);
  const double sigma = static_cast<double>(person_.camera.blur) * size_ / 256.0;
  cv::GaussianBlur(frame.image, frame.image, {}, sigma);
  if (noise_frame) { add_noise(frame.image, *noise_frame); }
  return frame;
}

}  // namespace realface::data::synthesis
