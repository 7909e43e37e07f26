#include <cmath>
#include <opencv2/imgproc.hpp>

#include "data/synthesis/drawing/draws.h"
#include "data/synthesis/drawing/layers.h"
#include "data/synthesis/drawing/texture.h"

namespace realface::data::synthesis {
namespace {

Colour lit(const Identity& person, const Colour& albedo, const cv::Vec3f& normal, float open) {
  const float facing = std::max(0.0F, normal.dot(person.light.direction) / static_cast<float>(cv::norm(normal)));
  return albedo.mul(person.light.ambient + person.light.colour * facing) * open;
}

cv::Vec4b pixel(const Colour& light, float part) {
  return {level(light[0]), level(light[1]), level(light[2]), static_cast<uint8_t>(part * 255.0F + 0.5F)};
}

struct Clothes {
  Colour colour, stripe;
  float stripes;   // per unit; 0 none
  float neckline;  // v of its lowest point
  bool pointed;    // V-neck
};

Clothes make_clothes(CounterRng& rng) {
  const auto dye = [&rng] {
    const float grey = between(rng, 0.03F, 0.5F);
    const float r = grey * between(rng, 0.5F, 1.5F), g = grey * between(rng, 0.6F, 1.25F);
    return Colour(r, g, grey * between(rng, 0.5F, 1.5F));
  };
  Clothes clothes{};
  clothes.colour = dye();
  clothes.stripe = dye();
  clothes.stripes = rng.chance(0.3) ? between(rng, 1.5F, 5.0F) : 0.0F;
  clothes.neckline = between(rng, 1.95F, 2.4F);
  clothes.pointed = rng.chance(0.5);
  return clothes;
}

float shoulder_line(float side) {
  const float slope = 0.4F * std::pow(std::max(0.0F, side - 0.45F) / 1.6F, 0.85F);
  return 1.7F + slope + 0.7F * std::pow(std::max(0.0F, side - 1.6F), 2.0F);
}

/// Lit colour and cover of neck or clothes at a place.
struct Spot {
  Colour light;
  float cover;
};

Spot neck_at(const Identity& person, float u, float v, float px) {
  const float half = 0.56F * person.head.width + 0.12F * std::pow(std::max(0.0F, v - 1.55F), 1.5F);
  const float part = cover((half - std::abs(u)) * px);
  const float x = std::clamp(u / half, -0.99F, 0.99F);
  const float chin = 0.45F + 0.55F * ramp(1.35F, 2.1F, v + 0.25F * std::abs(u));
  const float cords = 1.0F - 0.12F * bell(std::abs(u) - 0.1F - 0.25F * (2.2F - v), 0.0F, 0.06F, 1.0F);
  return {lit(person, person.skin.colour.mul(Colour(0.97F, 0.9F, 0.88F)), {x, 0.15F, std::sqrt(1.0F - x * x)},
              chin * cords),
          part};
}

Spot clothes_at(const Identity& person, const Clothes& clothes, float u, float v, float px, float fold, float weave) {
  const float side = std::abs(u);
  const float opening =
      clothes.pointed ? clothes.neckline - 1.5F * side : clothes.neckline - 1.1F * side * side - 0.05F;
  const float depth = std::min(v - shoulder_line(side), side > 0.75F ? 9.0F : v - opening);
  const float part = cover(depth * px);
  const float wave = clothes.stripes > 0.0F ? ramp(0.3F, 0.5F, std::sin(6.28F * clothes.stripes * v + fold)) : 0.0F;
  const Colour dyed = blend(clothes.colour, clothes.stripe, wave) * (1.0F + 0.05F * weave);
  const cv::Vec3f normal(u / 2.6F + 0.25F * fold, -0.45F * (1.0F - ramp(0.0F, 0.5F, depth)) + 0.2F * fold, 0.8F);
  return {lit(person, dyed, normal, 0.7F + 0.3F * ramp(0.0F, 0.08F, depth)), part};
}

void paint_wall(CounterRng& rng, cv::Mat& room) {
  const float base = between(rng, 0.12F, 0.6F);
  const Colour top{base * between(rng, 0.8F, 1.2F), base * between(rng, 0.85F, 1.15F),
                   base * between(rng, 0.75F, 1.25F)};
  const float fall = between(rng, 0.55F, 0.95F), slant = between(rng, -0.35F, 0.35F);
  for (int y = 0; y < room.rows; ++y) {
    for (int x = 0; x < room.cols; ++x) {
      const float down = static_cast<float>(y) / static_cast<float>(room.rows);
      const float across = static_cast<float>(x) / static_cast<float>(room.cols) - 0.5F;
      room.at<Colour>(y, x) = top * (mixed(1.0F, fall, down) + slant * across);
    }
  }
}

cv::Scalar any_colour(CounterRng& rng, float dark, float bright) {
  const float grey = between(rng, dark, bright);
  const float r = grey * between(rng, 0.7F, 1.35F), g = grey * between(rng, 0.75F, 1.15F);
  return {r, g, grey * between(rng, 0.6F, 1.35F)};
}

int part_of(CounterRng& rng, int length, float low, float high) {
  return static_cast<int>(between(rng, low, high) * static_cast<float>(length));
}

void paint_shelves(CounterRng& rng, cv::Mat& room) {
  const int rows = 3 + static_cast<int>(rng.below(3)), pitch = room.rows / rows;
  const cv::Scalar board = any_colour(rng, 0.05F, 0.4F);
  for (int row = 0; row < rows; ++row) {
    const int foot = (row + 1) * pitch;
    for (int x = 0; x < room.cols;) {
      const int wide = std::max(3, part_of(rng, room.cols, 0.015F, 0.06F)), tall = part_of(rng, pitch, 0.5F, 0.9F);
      const cv::Scalar spine = any_colour(rng, 0.02F, 0.5F);
      if (!rng.chance(0.12)) { cv::rectangle(room, {x, foot - tall}, {x + wide - 1, foot}, spine, cv::FILLED); }
      x += wide;
    }
    cv::rectangle(room, {0, foot - pitch / 14}, {room.cols, foot + pitch / 20}, board, cv::FILLED);
  }
}

void paint_window(CounterRng& rng, cv::Mat& room) {
  const int x = part_of(rng, room.cols, -0.1F, 0.6F), y = part_of(rng, room.rows, 0.02F, 0.2F);
  const int wide = part_of(rng, room.cols, 0.3F, 0.5F), tall = part_of(rng, room.rows, 0.4F, 0.7F);
  const cv::Scalar frame = any_colour(rng, 0.3F, 0.7F);
  cv::rectangle(room, cv::Rect(x, y, wide, tall), any_colour(rng, 0.5F, 0.9F), cv::FILLED);
  cv::rectangle(room, cv::Rect(x, y + tall / 2, wide, tall / 2), any_colour(rng, 0.15F, 0.4F), cv::FILLED);
  const int bar = std::max(2, room.cols / 50);
  cv::rectangle(room, cv::Rect(x, y, wide, tall), frame, bar);
  cv::line(room, {x + wide / 2, y}, {x + wide / 2, y + tall}, frame, bar);
}

void paint_things(CounterRng& rng, cv::Mat& room) {
  const int count = 8 + static_cast<int>(rng.below(14));
  for (int thing = 0; thing < count; ++thing) {
    const int x = part_of(rng, room.cols, 0.0F, 1.0F), y = part_of(rng, room.rows, 0.0F, 1.0F);
    const int reach = part_of(rng, room.cols, 0.02F, 0.12F);
    const cv::Scalar colour = any_colour(rng, 0.05F, 0.8F);
    if (rng.chance(0.5)) {
      cv::circle(room, {x, y}, reach, colour, cv::FILLED);
    } else {
      cv::rectangle(room, {x, y}, {x + reach, y + part_of(rng, room.rows, 0.03F, 0.25F)}, colour, cv::FILLED);
    }
  }
}

}  // namespace

cv::Mat paint_body(const Identity& person, int frame_size, int margin) {
  CounterRng rng = draws(person.seed, Draw::clothes, person.number);
  const Clothes clothes = make_clothes(rng);
  const int whole = frame_size + 2 * margin;
  const float frame = static_cast<float>(frame_size), px = person.head.size * frame;
  const cv::Mat folds = fractal(rng, whole, whole, 0.5F * px, 3), weave = grain(rng, whole, whole);
  const float hair_end = hair_behind(person);
  cv::Mat body(whole, whole, CV_8UC4, cv::Scalar::all(0));
  for (int y = 0; y < whole; ++y) {
    auto* row = body.ptr<cv::Vec4b>(y);
    const float v = (static_cast<float>(y - margin) - person.head.y * frame) / px;
    if (v < -0.5F) { continue; }
    for (int x = 0; x < whole; ++x) {
      const float u = (static_cast<float>(x - margin) - person.head.x * frame) / px;
      const float fold = folds.at<float>(y, x);
      const float hair = cover((std::min(1.08F * person.head.width + 0.06F * v - std::abs(u), hair_end - v)) * px);
      const Spot neck = neck_at(person, u, v, px);
      const Spot cloth = clothes_at(person, clothes, u, v, px, fold, weave.at<float>(y, x));
      const Colour strands = person.hair.colour * (0.3F + 0.12F * fold + 0.1F * std::sin(60.0F * u + 4.0F * fold));
      Colour light = blend(strands, neck.light, neck.cover);
      light = blend(light, cloth.light, cloth.cover);
      row[x] = pixel(light, std::max({hair_end > 0.0F ? hair : 0.0F, neck.cover, cloth.cover}));
    }
  }
  return body;
}

cv::Mat paint_backdrop(const Identity& person, int frame_size, int margin) {
  CounterRng rng = draws(person.seed, Draw::backdrop, person.number);
  const int whole = frame_size + 2 * margin;
  cv::Mat room(whole, whole, CV_32FC3);
  paint_wall(rng, room);
  switch (rng.below(5)) {
    case 0:
      paint_shelves(rng, room);
      break;
    case 1:
      paint_window(rng, room);
      break;
    case 2:
      paint_things(rng, room);
      break;
    case 3:
      paint_window(rng, room);
      paint_things(rng, room);
      break;
    default:
      break;  // a bare wall
  }
  const double out_of_focus = rng.uniform(0.004, 0.018) * frame_size;
  cv::GaussianBlur(room, room, {}, out_of_focus);
  const cv::Mat plaster = fractal(rng, whole, whole, 0.15F * static_cast<float>(frame_size), 5, 0.6F);
  const float rough = between(rng, 0.02F, 0.08F);
  cv::Mat backdrop(whole, whole, CV_8UC3);
  for (int y = 0; y < whole; ++y) {
    for (int x = 0; x < whole; ++x) {
      const Colour light = room.at<Colour>(y, x) * (1.0F + rough * plaster.at<float>(y, x));
      backdrop.at<cv::Vec3b>(y, x) = {level(light[0]), level(light[1]), level(light[2])};
    }
  }
  return backdrop;
}

}  // namespace realface::data::synthesis
