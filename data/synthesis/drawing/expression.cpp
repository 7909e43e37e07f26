#include "data/synthesis/drawing/expression.h"

#include <cmath>

namespace realface::data::synthesis {
namespace {

/// One eye in its own measure: x from the inner (-1) to the outer corner (1), y downwards in half eye widths.
struct Eye {
  const Identity& person;
  const Pose& pose;
  float side;
  float pixels;  // of the canvas, in half an eye width

  float lower(float x) const { return 0.42F * person.eyes.opening * std::max(0.0F, 1.0F - x * x); }
  float open_upper(float x) const {
    const float skewed = x + 0.12F * (1.0F - x * x);
    return -person.eyes.opening * std::pow(std::max(0.0F, 1.0F - skewed * skewed), 0.72F);
  }
  float upper(float x) const { return mixed(lower(x), open_upper(x), pose.expression.eye_open); }

  Colour lid(const Colour& skin, float x, float y) const;
  Colour ball(float x, float y) const;
  Colour at(const Colour& skin, float x, float y) const;
};

Colour Eye::lid(const Colour& skin, float x, float y) const {
  const Eyes& eyes = person.eyes;
  const float within = 1.0F - ramp(0.75F, 1.25F, std::abs(x));
  const float crease = open_upper(x) - 0.1F - 0.16F * eyes.fold;
  const float top = upper(x);
  Colour colour = skin;
  const float painted = within * ramp(crease - 0.12F, crease + 0.04F, y) * (1.0F - ramp(top, top + 0.06F, y));
  colour = blend(colour, colour.mul(eyes.shadow), painted);
  const float line = std::exp(-std::pow((y - crease) / 0.06F, 2.0F)) * within * (0.25F + 0.3F * eyes.fold);
  colour *= 1.0F - line;
  const float rim = std::exp(-std::pow((y - lower(x) - 0.05F) / 0.05F, 2.0F)) * within;
  return colour * (1.0F - 0.2F * rim);
}

Colour Eye::ball(float x, float y) const {
  const float iris_x = 0.26F * side * pose.gaze_x, iris_y = 0.1F * pose.gaze_y - 0.08F;
  const float dx = x - iris_x, dy = y - iris_y;
  const float radius = 0.41F, r = std::hypot(dx, dy) / radius;
  const float pink = ramp(0.6F, 0.95F, -x) + 0.4F * ramp(0.6F, 1.0F, x);
  Colour colour = blend(Colour(0.66F, 0.63F, 0.60F), Colour(0.5F, 0.25F, 0.22F), 0.8F * pink);
  const float round = 1.0F - 0.35F * x * x;
  const float below_lid = 0.45F + 0.55F * ramp(0.0F, 0.3F, y - upper(x));
  colour *= round;
  const float spokes =
      0.8F + 0.2F * std::sin(17.0F * std::atan2(dy, dx) + 9.0F * r) + 0.25F * ramp(-0.2F, 0.8F, dy / radius);
  Colour iris = person.eyes.iris * spokes * (1.15F - 0.75F * ramp(0.72F, 1.0F, r));
  iris = blend(Colour(0.004F, 0.004F, 0.004F), iris, ramp(0.34F, 0.46F, r));
  colour = blend(colour, iris, cover((1.0F - r) * radius * pixels)) * below_lid;
  const cv::Vec3f& light = person.light.direction;
  const float glint = std::hypot(dx - 0.17F * side * light[0] - 0.03F, dy - 0.2F * light[1] + 0.02F);
  return blend(colour, Colour::all(1.6F), cover((0.065F - glint) * pixels));
}

Colour Eye::at(const Colour& skin, float x, float y) const {
  const float top = upper(x), bottom = lower(x);
  const float inside = std::abs(x) < 1.0F ? std::min(y - top, bottom - y) : -1.0F;
  Colour colour = blend(lid(skin, x, y), ball(x, y), cover(inside * pixels));
  const Colour lash = person.brows.colour * 0.25F;
  const float reach = std::clamp(x, -1.0F, 1.12F);
  const float edge = x > 1.0F ? -0.35F * (x - 1.0F) : top;
  const float thick = 0.062F * person.eyes.lashes * (0.75F + 0.4F * reach) * (x < 1.12F && x > -1.0F ? 1.0F : 0.0F);
  const float line = cover((thick - std::abs(y - edge + 0.03F)) * pixels);
  const float lower_line = std::abs(x) < 0.97F ? 0.4F * cover((0.03F - std::abs(y - bottom)) * pixels) : 0.0F;
  colour = blend(colour, lash, 0.92F * line);
  return blend(colour, lash + person.skin.colour * 0.15F, lower_line);
}

struct Mouth {
  const Identity& person;
  float half, open, smile;
  float pixels;

  Mouth(const Identity& who, const Expression& face, float px)
      : person(who),
        half(who.lips.width * (1.0F + 0.12F * face.mouth_wide + 0.12F * face.smile - 0.08F * face.mouth_open)),
        open(0.012F + 0.16F * face.mouth_open),
        smile(face.smile),
        pixels(px) {}

  float arch(float x, float power) const { return std::pow(std::max(0.0F, 1.0F - x * x), power); }
  float middle(float x) const {
    const float bow = 0.014F * std::cos(6.0F * x) * arch(x, 1.0F);
    return person.head.mouth_v + bow - (0.02F + 0.1F * smile) * x * x;
  }
  float inner_upper(float x) const { return middle(x) - 0.1F * open * arch(x, 0.5F); }
  float inner_lower(float x) const { return middle(x) + 0.9F * open * arch(x, 0.55F); }
  float outer_upper(float x) const {
    const float dip = 1.0F - person.lips.bow * std::exp(-x * x / 0.018F);
    return inner_upper(x) - person.lips.upper * arch(x, 0.9F) * (0.82F + 0.18F * dip);
  }
  float outer_lower(float x) const {
    return inner_lower(x) + person.lips.lower * arch(x, 0.7F) * (1.0F - 0.15F * smile);
  }

  Colour lip(float x, float v, const Colour& skin) const;
  Colour cavity(float x, float v) const;
};

Colour Mouth::lip(float x, float v, const Colour& skin) const {
  const bool is_upper = v < middle(x);
  const float creases = 1.0F + 0.07F * std::sin(55.0F * x + 3.0F * std::sin(9.0F * x));
  // The skin's own blotches show through.
  const float texture = 0.5F + 0.5F * skin[1] / std::max(0.02F, person.skin.colour[1]);
  Colour colour = person.lips.colour * (creases * std::clamp(texture, 0.6F, 1.3F));
  if (is_upper) { return colour * (0.72F + 0.12F * ramp(0.0F, person.lips.upper, inner_upper(x) - v)); }
  const float across = (v - inner_lower(x)) / person.lips.lower;
  return colour * (0.85F + 0.35F * std::exp(-std::pow((across - 0.42F) / 0.22F, 2.0F)) * arch(x, 1.0F)) +
         Colour::all(0.05F * std::exp(-std::pow((across - 0.4F) / 0.15F, 2.0F)) * arch(x, 2.0F));
}

Colour Mouth::cavity(float x, float v) const {
  const float top = inner_upper(x), bottom = inner_lower(x), tall = std::max(0.001F, bottom - top);
  Colour colour = blend(Colour(0.03F, 0.008F, 0.008F), Colour(0.3F, 0.09F, 0.09F),
                        ramp(0.55F, 0.95F, (v - top) / tall) * ramp(0.03F, 0.12F, tall) * arch(x, 2.0F));
  const float teeth = std::min(0.075F, 0.62F * tall) * (0.95F + 0.05F * std::cos(24.0F * x));
  const float gaps = 1.0F - 0.18F * std::pow(std::abs(std::cos(9.5F * x)), 24.0F);
  const Colour enamel = Colour(0.74F, 0.70F, 0.61F) * ((1.0F - 0.75F * x * x) * gaps * ramp(-0.03F, 0.05F, v - top));
  const float shown =
      cover((teeth - (v - top)) * pixels) * ramp(0.03F, 0.07F, tall) * (1.0F - ramp(0.75F, 0.95F, std::abs(x)));
  return blend(colour, enamel, shown);
}

}  // namespace

void paint_eyes(const Identity& person, const Pose& pose, const Canvas& canvas, cv::Mat& albedo) {
  const float half = person.eyes.width;
  for (const float side : {-1.0F, 1.0F}) {
    const Eye eye{person, pose, side, half * canvas.px};
    const float middle_u = side * person.head.eye_gap, middle_v = person.head.eye_v;
    for (int y = canvas.y(middle_v - 1.1F * half); y <= canvas.y(middle_v + 0.7F * half); ++y) {
      auto* row = albedo.ptr<Colour>(y);
      for (int x = canvas.x(middle_u - 1.3F * half); x <= canvas.x(middle_u + 1.3F * half); ++x) {
        const float across = side * (canvas.u(x) - middle_u) / half;
        const float down = (canvas.v(y) - middle_v) / half + person.eyes.tilt * across;
        row[x] = eye.at(row[x], across, down);
      }
    }
  }
}

void paint_mouth(const Identity& person, const Expression& expression, const Canvas& canvas, cv::Mat& albedo) {
  const Mouth mouth(person, expression, canvas.px);
  for (int y = canvas.y(person.head.mouth_v - 0.3F); y <= canvas.y(person.head.mouth_v + 0.42F); ++y) {
    auto* row = albedo.ptr<Colour>(y);
    for (int x = canvas.x(-mouth.half - 0.05F); x <= canvas.x(mouth.half + 0.05F); ++x) {
      const float across = canvas.u(x) / mouth.half, v = canvas.v(y);
      if (std::abs(across) >= 1.0F) {
        const float corner = bell((std::abs(across) - 1.0F) * mouth.half, v - mouth.middle(1.0F), 0.03F, 0.03F);
        row[x] *= 1.0F - 0.35F * corner;
        continue;
      }
      const float on_lips =
          cover(std::min(v - mouth.outer_upper(across), mouth.outer_lower(across) - v) * canvas.px * 0.7F);
      if (on_lips <= 0.0F) { continue; }
      const float gap = cover(std::min(v - mouth.inner_upper(across), mouth.inner_lower(across) - v) * canvas.px);
      row[x] = blend(row[x], blend(mouth.lip(across, v, row[x]), mouth.cavity(across, v), gap), on_lips);
    }
  }
}

}  // namespace realface::data::synthesis
