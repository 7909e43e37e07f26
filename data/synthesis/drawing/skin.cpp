#include <cmath>
#include <opencv2/imgproc.hpp>

#include "data/synthesis/drawing/draws.h"
#include "data/synthesis/drawing/layers.h"
#include "data/synthesis/drawing/texture.h"

namespace realface::data::synthesis {
namespace {

/// The random fields of one skin; they belong to the face's owner, so a swapped face brings its own.
struct Fields {
  cv::Mat blotches, pores, freckles;
};

Fields make_fields(const Identity& person, const Canvas& canvas) {
  CounterRng rng = draws(person.seed, Draw::skin, person.face);
  Fields fields;
  fields.blotches = fractal(rng, canvas.width, canvas.height, 0.4F * canvas.px, 4, 0.6F);
  fields.pores = fractal(rng, canvas.width, canvas.height, 0.045F * canvas.px, 2, 0.8F);
  fields.freckles = fractal(rng, canvas.width, canvas.height, 0.07F * canvas.px, 1);
  return fields;
}

float flush(const Identity& person, float u, float v) {
  const float cheeks = bell(std::abs(u) - 0.55F, v - 0.45F, 0.28F, 0.24F);
  const float nose = 0.9F * bell(u, v - person.head.nose_v, 0.2F, 0.16F);
  const float chin = 0.4F * bell(u, v - person.head.mouth_v - 0.45F, 0.25F, 0.15F);
  const float ears = ramp(0.98F, 1.1F, std::abs(u));
  return person.skin.redness * (cheeks + nose + chin + ears);
}

float wrinkles(const Identity& person, float u, float v, float wobble) {
  const Head& head = person.head;
  const float age = person.skin.age;
  float lines = 0.0F;
  for (const float at : {-0.52F, -0.63F, -0.75F}) {
    lines += std::exp(-std::pow((v - at + 0.02F * wobble - 0.05F * u * u) / 0.016F, 2.0F)) *
             (1.0F - ramp(0.35F, 0.7F, std::abs(u)));
  }
  const float fold_u = mixed(0.29F, 0.5F, std::clamp((v - head.nose_v) / 0.45F, 0.0F, 1.3F));
  const float folds = bell(std::abs(u) - fold_u, v - head.mouth_v + 0.2F, 0.025F, 0.22F);
  const float side = std::abs(u) - head.eye_gap - 0.27F;
  const float feet = std::pow(std::sin((v - head.eye_v) * 45.0F + side * 12.0F), 2.0F) *
                     bell(side - 0.07F, v - head.eye_v, 0.07F, 0.11F);
  const float bags = bell(std::abs(u) - head.eye_gap, v - head.eye_v - 0.19F, 0.17F, 0.02F);
  return 0.16F * age * lines + (0.06F + 0.22F * age) * folds + 0.3F * age * feet + (0.06F + 0.18F * age) * bags;
}

float folds_of_light(const Identity& person, float u, float v, float r) {
  const Head& head = person.head;
  const float side = std::abs(u);
  float open = 1.0F;
  open -= 0.3F * bell(side - 0.2F, v - head.eye_v + 0.04F, 0.11F, 0.14F);
  open -= 0.2F * bell(side - head.eye_gap, v - head.eye_v + 0.13F, 0.27F, 0.08F);
  open -= 0.12F * bell(side - head.eye_gap, v - head.eye_v - 0.14F, 0.2F, 0.05F);
  open -= 0.18F * bell(side - person.nose.width * 0.8F, v - head.nose_v + 0.12F, 0.06F, 0.2F);
  open -= 0.26F * bell(u, v - head.nose_v - 0.17F, person.nose.width, 0.07F);
  open -= 0.2F * bell(side - person.nose.width * 1.05F, v - head.nose_v - 0.06F, 0.035F, 0.08F);
  open -= 0.22F * bell(u, v - head.mouth_v - 0.24F, 0.24F, 0.06F);
  open -= 0.15F * bell(side - person.lips.width - 0.03F, v - head.mouth_v, 0.05F, 0.05F);
  open -= 0.25F * ramp(0.82F, 1.02F, r);
  return open;
}

/// Where a beard grows, 0..1: jaw, chin and upper lip.
float beard_area(const Identity& person, float u, float v) {
  const Head& head = person.head;
  const float side = std::abs(u);
  const float upper_edge = mixed(head.mouth_v - 0.22F, 0.1F, ramp(0.45F, 0.95F, side));
  const float jaw = ramp(upper_edge - 0.06F, upper_edge + 0.1F, v);
  const float lips = bell(u, v - head.mouth_v - 0.02F, person.lips.width * 1.0F, 0.16F);
  const float cheeks = bell(side - 0.42F, v - head.mouth_v + 0.08F, 0.14F, 0.16F);
  return std::clamp(jaw * (1.0F - 1.3F * lips) * (1.0F - 0.8F * cheeks), 0.0F, 1.0F);
}

float brow_cover(const Identity& person, float u, float v, float strand) {
  const Brows& brows = person.brows;
  const float start = person.head.eye_gap - 0.29F;
  const float along = (std::abs(u) - start) / (2.0F * brows.length);
  if (along < -0.1F || along > 1.1F) { return 0.0F; }
  const float bend = std::sin(3.1416F * std::clamp(0.1F + 0.62F * along, 0.0F, 1.0F));
  const float middle = person.head.eye_v - brows.height - brows.arch * bend + brows.arch * 0.6F - brows.tilt * along;
  const float half = brows.thickness * (1.0F - 0.72F * along * along) * ramp(-0.06F, 0.14F, along);
  const float distance = (half - std::abs(v - middle)) / std::max(half, 0.01F);
  const float ends = ramp(-0.08F, 0.1F, along) * (1.0F - ramp(0.9F, 1.08F, along));
  return brows.density * ends * std::clamp(ramp(-0.15F, 0.65F, distance) * (0.8F + 0.4F * strand), 0.0F, 1.0F);
}

Colour skin_at(const Identity& person, const Fields& fields, int x, int y, float u, float v) {
  const Skin& skin = person.skin;
  const float blotch = fields.blotches.at<float>(y, x), pore = fields.pores.at<float>(y, x);
  const float red = flush(person, u, v);
  Colour colour = skin.colour.mul(Colour(1.0F + 0.06F * red, 1.0F - 0.17F * red, 1.0F - 0.15F * red));
  colour *= (1.0F + skin.blotches * blotch) * (1.0F + skin.pores * pore) * (1.0F - wrinkles(person, u, v, blotch));
  const float freckle =
      skin.freckles * ramp(0.45F, 0.8F, fields.freckles.at<float>(y, x)) * bell(u, v - 0.4F, 0.8F, 0.45F);
  colour = blend(colour, colour.mul(Colour(0.6F, 0.45F, 0.4F)), freckle);
  const float hairs = std::clamp(0.85F + 0.35F * pore, 0.0F, 1.0F);
  const float area = beard_area(person, u, v);
  colour = blend(colour, skin.colour.mul(Colour(0.42F, 0.45F, 0.5F)), 0.75F * skin.stubble * area * hairs);
  colour = blend(colour, person.hair.colour * (0.6F + 0.5F * pore), person.hair.beard * area * hairs);
  return blend(colour, person.brows.colour, brow_cover(person, u, v, pore));
}

/// Ears stand off the head, so the relief knows nothing of them.
void paint_ears(const Identity& person, Layers& layers) {
  const Canvas& canvas = layers.canvas;
  const float middle = person.head.width * 1.06F + 0.02F;
  for (int y = canvas.y(-0.3F); y < canvas.y(0.75F); ++y) {
    for (int x = 0; x < canvas.width; ++x) {
      const float u = canvas.u(x), side = std::abs(u) - middle, lean = canvas.v(y) - 0.2F;
      const float r = std::hypot((side - 0.08F * -lean) / 0.13F, lean / 0.34F);
      const float part = cover((1.0F - r) * 0.13F * canvas.px);
      if (part <= 0.0F) { continue; }
      const float rim = ramp(0.45F, 0.8F, r);
      layers.albedo.at<Colour>(y, x) = person.skin.colour.mul(Colour(1.0F, 0.84F, 0.82F)) * (0.72F + 0.28F * rim);
      layers.alpha.at<float>(y, x) = part;
      layers.normal.at<cv::Vec3f>(y, x) = {u > 0.0F ? 0.4F : -0.4F, 0.0F, 0.91F};
      layers.occlusion.at<float>(y, x) = 0.55F + 0.25F * rim;
    }
  }
}

void paint_nostrils_and_moles(const Identity& person, Layers& layers) {
  const Canvas& canvas = layers.canvas;
  const auto spot = [&](float u, float v, float ru, float rv, const Colour& times, float strength) {
    for (int y = canvas.y(v - 2.0F * rv); y <= canvas.y(v + 2.0F * rv); ++y) {
      for (int x = canvas.x(u - 2.0F * ru); x <= canvas.x(u + 2.0F * ru); ++x) {
        const float r = std::hypot((canvas.u(x) - u) / ru, (canvas.v(y) - v) / rv);
        auto& colour = layers.albedo.at<Colour>(y, x);
        colour = blend(colour, colour.mul(times), strength * (1.0F - ramp(0.5F, 1.3F, r)));
      }
    }
  };
  for (const float side : {-1.0F, 1.0F}) {
    spot(side * person.nose.width * 0.48F, person.head.nose_v + 0.1F, person.nose.width * 0.27F, 0.034F,
         {0.1F, 0.05F, 0.05F}, 0.95F);
  }
  CounterRng rng = draws(person.seed, Draw::skin, person.face, 1);
  for (int mole = 0; mole < person.skin.moles; ++mole) {
    const float u = between(rng, -0.75F, 0.75F), v = between(rng, -0.6F, 1.3F);
    const float radius = between(rng, 0.018F, 0.034F);
    spot(u, v, radius, radius, {0.35F, 0.25F, 0.2F}, 0.85F);
  }
}

}  // namespace

void paint_skin(const Identity& person, Layers& layers) {
  const Canvas& canvas = layers.canvas;
  const Fields fields = make_fields(person, canvas);
  paint_ears(person, layers);
  for (int y = 0; y < canvas.height; ++y) {
    for (int x = 0; x < canvas.width; ++x) {
      const float u = canvas.u(x), v = canvas.v(y), r = outline(person.head, u, v);
      const float part = cover((1.0F - r) * canvas.px);
      if (part <= 0.0F) { continue; }
      auto& colour = layers.albedo.at<Colour>(y, x);
      auto& alpha = layers.alpha.at<float>(y, x);
      colour = blend(alpha > 0.0F ? colour : person.skin.colour, skin_at(person, fields, x, y, u, v), part);
      alpha = std::max(alpha, part);
      layers.occlusion.at<float>(y, x) = folds_of_light(person, u, v, r);
      const float oily = bell(u, v + 0.6F, 0.5F, 0.3F) + bell(u, v - 0.4F, 0.15F, 0.35F) +
                         bell(std::abs(u) - 0.55F, v - 0.3F, 0.2F, 0.15F);
      layers.shine.at<float>(y, x) = person.skin.shine * (0.35F + oily) * (1.0F + 0.5F * fields.pores.at<float>(y, x));
    }
  }
  paint_nostrils_and_moles(person, layers);
}

}  // namespace realface::data::synthesis
