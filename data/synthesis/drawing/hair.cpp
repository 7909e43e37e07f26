#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "data/synthesis/drawing/draws.h"
#include "data/synthesis/drawing/layers.h"
#include "data/synthesis/drawing/texture.h"

namespace realface::data::synthesis {
namespace {

/// What tells one style from another, in units.
struct Cut {
  float forehead;   // height of the hairline in the middle
  float corner;     // |u| in head widths where the hairline starts to fall
  float sideburn;   // v at which the hair beside the face ends
  float top, side;  // thickness over the skull
  bool curls;
  float strength;  // cover
};

Cut cut_of(const Hair& hair) {
  const float volume = hair.volume;
  switch (hair.style) {
    case HairStyle::bald:
      return {9.0F, 0.7F, -9.0F, -1.0F, -1.0F, false, 0.0F};
    case HairStyle::buzz:
      return {hair.line, 0.7F, 0.1F, 0.025F, 0.01F, true, 0.8F};
    case HairStyle::parted:
      return {hair.line - 0.06F, 0.68F, 0.12F, volume + 0.06F, 0.05F, false, 1.0F};
    case HairStyle::fringe:
      return {0.47F, 0.8F, 0.25F, volume + 0.04F, 0.09F, false, 1.0F};
    case HairStyle::swept:
      return {hair.line + 0.02F, 0.7F, 0.15F, volume + 0.12F, 0.05F, false, 1.0F};
    case HairStyle::long_straight:
      return {hair.line - 0.02F, 0.5F, 1.8F, volume, 0.12F + 0.4F * volume, false, 1.0F};
    case HairStyle::curly:
      return {hair.line - 0.12F, 0.66F, 0.3F, volume + 0.22F, 0.12F + volume, true, 1.0F};
    case HairStyle::bob:
      return {hair.line - 0.1F, 0.56F, 1.2F, volume, 0.12F + 0.5F * volume, false, 1.0F};
  }
  return {};
}

/// Distance from the bare face into the hair around it.
float face_edge(const Cut& cut, float line, float x, float v, float jitter) {
  if (cut.sideburn < 1.0F) { return mixed(line, cut.sideburn, ramp(cut.corner, 1.06F, x + 0.02F * jitter)) - v; }
  if (v < line) { return line - v + 0.9F * x * x; }
  // Long hair frames the face in an arch that closes in again below the cheeks.
  const float up = std::min(1.0F, (v - line) / (0.2F - line));
  const float arch = 0.93F * std::sqrt(1.0F - (1.0F - up) * (1.0F - up));
  return x - arch + 0.08F * ramp(0.5F, 1.3F, v) + 0.03F * jitter;
}

/// Distance into the hair, in units; negative outside.
float hair_depth(const Identity& person, const Cut& cut, float u, float v, float jitter) {
  const float x = std::abs(u) / person.head.width;
  const float lean = person.hair.part * u;
  const float parting = person.hair.style == HairStyle::parted || person.hair.style == HairStyle::long_straight
                            ? 0.1F * std::exp(-std::pow((u - 0.4F * person.hair.part) / 0.12F, 2.0F))
                            : 0.0F;
  const float line = -cut.forehead + 0.1F * x * x + 0.14F * lean - parting + 0.05F * jitter;
  const float thickness = mixed(cut.top + 0.1F * lean * std::max(cut.top, 0.0F), cut.side, ramp(-1.0F, 0.1F, v));
  const float lump = cut.curls ? 0.07F * std::min(1.0F, cut.top * 5.0F) * jitter : 0.02F * jitter;
  float outer = 1.0F + thickness + lump - outline(person.head, u, v);
  if (cut.sideburn > 1.0F && v > -0.1F) {
    // Long hair hangs from the widest part of the head instead of following the jaw.
    const float hanging = person.head.width * (1.06F + thickness) + 0.06F * v + lump - std::abs(u);
    const float round = 0.25F * std::pow(std::max(0.0F, x - 0.8F) / 0.3F, 2.0F);
    outer = std::min(hanging, cut.sideburn + 0.1F * jitter - round - v);
  }
  return std::min(outer, face_edge(cut, line, x, v, jitter));
}

class Strands {
 public:
  Strands(const Identity& person, const Canvas& canvas) : curls_(cut_of(person.hair).curls) {
    CounterRng rng = draws(person.seed, Draw::hair, person.number);
    flow_ = fractal(rng, 640, 64, 5.0F, 3, 0.8F);
    locks_ = fractal(rng, 96, 12, 4.0F, 2, 0.6F);
    knots_ = fractal(rng, canvas.width, canvas.height, 0.14F * canvas.px, 3, 0.7F);
    root_ = 0.35F * person.hair.part;
  }

  /// About -1..1: hair grows away from the crown, so strands follow rays from it; curls have no direction.
  float at(int x, int y, float u, float v) const {
    if (curls_) { return knots_.at<float>(y, x); }
    const float du = u - root_, dv = v + 1.55F;
    const float turn = std::atan2(du, dv) * (0.5F * std::numbers::inv_pi_v<float>);
    const float out = std::hypot(du, dv);
    return 0.75F * lookup(flow_, turn * 640.0F, out * 9.0F) + 0.5F * lookup(locks_, turn * 96.0F, out * 2.0F);
  }

  float jitter(int x, int y, float u, float v) const { return 0.5F * at(x, y, u, v) + 0.5F * knots_.at<float>(y, x); }

 private:
  bool curls_;
  float root_ = 0.0F;
  cv::Mat flow_, locks_, knots_;
};

/// Hair over skin keeps light from it.
void shade_below_hair(const cv::Mat& hair, Layers& layers) {
  cv::Mat shadow;
  const double sigma = 0.09 * static_cast<double>(layers.canvas.px);
  cv::GaussianBlur(hair, shadow, {}, sigma);
  for (int y = 0; y < hair.rows; ++y) {
    const auto* above = shadow.ptr<float>(std::max(0, y - static_cast<int>(0.06F * layers.canvas.px)));
    const auto* own = hair.ptr<float>(y);
    auto* open = layers.occlusion.ptr<float>(y);
    for (int x = 0; x < hair.cols; ++x) { open[x] *= 1.0F - 0.45F * above[x] * (1.0F - own[x]); }
  }
}

}  // namespace

float hair_behind(const Identity& person) {
  switch (person.hair.style) {
    case HairStyle::long_straight:
      return 2.6F;
    case HairStyle::bob:
      return 1.25F;
    default:
      return 0.0F;
  }
}

void paint_hair(const Identity& person, Layers& layers) {
  const Canvas& canvas = layers.canvas;
  const Cut cut = cut_of(person.hair);
  if (cut.strength <= 0.0F) { return; }
  const Strands strands(person, canvas);
  cv::Mat hair = cv::Mat::zeros(canvas.height, canvas.width, CV_32F);
  for (int y = 0; y < canvas.height; ++y) {
    for (int x = 0; x < canvas.width; ++x) {
      const float u = canvas.u(x), v = canvas.v(y);
      const float depth = hair_depth(person, cut, u, v, strands.jitter(x, y, u, v));
      if (depth < -0.02F) { continue; }
      const float strand = strands.at(x, y, u, v);
      const float part = cut.strength * ramp(-0.02F, 0.05F, depth) * (depth < 0.06F ? 0.85F + 0.15F * strand : 1.0F);
      const float out = std::hypot(u, v + 0.2F);
      const float gloss = std::exp(-std::pow((out - 1.25F + 0.05F * strand) / 0.14F, 2.0F));
      const float dim = 0.62F + 0.38F * ramp(0.0F, 0.2F, depth);
      auto& colour = layers.albedo.at<Colour>(y, x);
      auto& alpha = layers.alpha.at<float>(y, x);
      const Colour own = person.hair.colour * (dim * (0.85F + 0.42F * strand)) +
                         (person.hair.colour * 0.5F + Colour::all(0.03F)) * (gloss * (0.6F + 0.5F * strand));
      colour = alpha > 0.01F ? blend(colour, own, part) : own;
      alpha = std::max(alpha, std::min(1.0F, part));
      hair.at<float>(y, x) = part;
      const cv::Vec3f round(u / 1.65F, (v + 0.3F) / 2.4F, 0.75F);
      layers.normal.at<cv::Vec3f>(y, x) = round / static_cast<float>(cv::norm(round));
      layers.occlusion.at<float>(y, x) = 1.0F;
      layers.shine.at<float>(y, x) = 0.0F;
    }
  }
  shade_below_hair(hair, layers);
}

void paint_glasses(const Identity& person, Layers& layers) {
  const Glasses& glasses = person.glasses;
  if (!glasses.worn) { return; }
  const Canvas& canvas = layers.canvas;
  layers.glasses = cv::Mat::zeros(canvas.height, canvas.width, CV_32F);
  const float middle_u = person.head.eye_gap + 0.02F, middle_v = person.head.eye_v + 0.06F;
  for (int y = canvas.y(-0.5F); y < canvas.y(0.6F); ++y) {
    auto* row = layers.glasses.ptr<float>(y);
    for (int x = 0; x < canvas.width; ++x) {
      const float side = std::abs(canvas.u(x)), v = canvas.v(y) - middle_v;
      const float r =
          glasses.radius * std::pow(std::pow(std::abs(side - middle_u) / glasses.radius, glasses.squareness) +
                                        std::pow(std::abs(v) / (0.86F * glasses.radius), glasses.squareness),
                                    1.0F / glasses.squareness);
      const float rim = glasses.thickness - std::abs(r - glasses.radius);
      const bool between_lenses = side < middle_u - glasses.radius;
      const float bridge = between_lenses ? 0.8F * glasses.thickness - std::abs(v + 0.08F + 0.2F * side * side) : -1.0F;
      const bool beside = side > middle_u + glasses.radius && side < person.head.width * 1.04F;
      const float temple = beside ? 0.8F * glasses.thickness - std::abs(v + 0.1F) : -1.0F;
      row[x] = cover(std::max({rim, bridge, temple}) * canvas.px);
    }
  }
}

Layers paint_head(const Identity& person, int frame_size) {
  Layers layers;
  layers.canvas = face_canvas(person, frame_size);
  const int rows = layers.canvas.height, columns = layers.canvas.width;
  layers.albedo = cv::Mat::zeros(rows, columns, CV_32FC3);
  layers.alpha = cv::Mat::zeros(rows, columns, CV_32F);
  layers.normal = normals(person, layers.canvas);
  layers.occlusion = cv::Mat::ones(rows, columns, CV_32F);
  layers.shine = cv::Mat::zeros(rows, columns, CV_32F);
  paint_skin(person, layers);
  paint_hair(person, layers);
  paint_glasses(person, layers);
  return layers;
}

}  // namespace realface::data::synthesis
