#include "data/synthesis/drawing/identity.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "data/synthesis/drawing/draws.h"

namespace realface::data::synthesis {
namespace {

template <size_t N>
Colour along(const std::array<Colour, N>& palette, float position) {
  const float scaled = std::clamp(position, 0.0F, 0.9999F) * static_cast<float>(N - 1);
  const auto index = static_cast<size_t>(scaled);
  const float part = scaled - static_cast<float>(index);
  return palette[index] * (1.0F - part) + palette[index + 1] * part;
}

Colour skin_colour(float melanin) {
  static const std::array<Colour, 5> kTones = {linear(236, 200, 182), linear(222, 178, 150), linear(196, 146, 114),
                                               linear(146, 98, 72), linear(92, 60, 46)};
  return along(kTones, melanin);
}

Head make_head(CounterRng& rng) {
  Head head{};
  head.width = between(rng, 0.93F, 1.07F);
  head.height = between(rng, 0.95F, 1.06F);
  head.jaw = between(rng, 1.95F, 2.55F);
  head.taper = between(rng, 0.02F, 0.18F);
  head.cheeks = between(rng, 0.02F, 0.11F);
  head.chin = between(rng, 0.03F, 0.11F);
  head.depth = between(rng, 0.8F, 1.0F);
  head.size = between(rng, 0.192F, 0.222F);
  head.x = between(rng, 0.46F, 0.54F);
  head.y = between(rng, 0.44F, 0.49F);
  head.eye_gap = between(rng, 0.425F, 0.49F);
  head.eye_v = between(rng, -0.04F, 0.05F);
  head.nose_v = between(rng, 0.5F, 0.6F);
  head.mouth_v = head.nose_v + between(rng, 0.41F, 0.49F);
  return head;
}

Skin make_skin(CounterRng& rng, float melanin) {
  Skin skin{};
  skin.colour = skin_colour(melanin) * between(rng, 0.94F, 1.06F);
  skin.redness = between(rng, 0.2F, 1.0F) * (1.0F - 0.6F * melanin);
  skin.freckles = rng.chance(0.25) ? between(rng, 0.2F, 0.8F) * (1.0F - melanin) : 0.0F;
  skin.blotches = between(rng, 0.03F, 0.07F);
  skin.pores = between(rng, 0.02F, 0.06F);
  skin.age = between(rng, 0.0F, 1.0F);
  skin.age *= skin.age;
  skin.stubble = 0.0F;
  skin.shine = between(rng, 0.05F, 0.22F);
  skin.moles = static_cast<int>(rng.below(6));
  return skin;
}

Hair make_hair(CounterRng& rng, float melanin, float age, bool masculine) {
  static const std::array<Colour, 6> kColours = {linear(28, 22, 20),  linear(52, 36, 28),    linear(92, 62, 42),
                                                 linear(138, 98, 62), linear(196, 158, 106), linear(222, 192, 146)};
  using enum HairStyle;
  static constexpr std::array<HairStyle, 6> kShort = {parted, swept, buzz, fringe, curly, bald};
  static constexpr std::array<HairStyle, 5> kLong = {long_straight, bob, fringe, curly, swept};
  Hair hair{};
  hair.style = masculine ? kShort[rng.below(kShort.size())] : kLong[rng.below(kLong.size())];
  hair.colour = along(kColours, between(rng, 0.0F, 1.0F) * (1.0F - melanin));
  if (rng.chance(0.1)) { hair.colour = linear(146, 66, 34) * (1.0F - 0.6F * melanin); }
  const float grey = std::max(0.0F, age - 0.45F) * 1.6F;
  hair.colour = hair.colour * (1.0F - grey) + linear(176, 172, 168) * grey;
  hair.line = between(rng, 0.86F, 1.04F);
  hair.volume = between(rng, 0.08F, 0.2F);
  hair.part = between(rng, -0.7F, 0.7F);
  hair.beard = masculine && rng.chance(0.35) ? between(rng, 0.45F, 1.0F) : 0.0F;
  return hair;
}

Brows make_brows(CounterRng& rng, const Hair& hair, bool masculine) {
  Brows brows{};
  brows.thickness = masculine ? between(rng, 0.06F, 0.095F) : between(rng, 0.04F, 0.07F);
  brows.arch = between(rng, 0.03F, 0.12F);
  brows.height = masculine ? between(rng, 0.27F, 0.33F) : between(rng, 0.31F, 0.38F);
  brows.tilt = between(rng, -0.06F, 0.06F);
  brows.length = between(rng, 0.27F, 0.33F);
  brows.density = between(rng, 0.65F, 0.95F);
  brows.colour = hair.colour * 0.5F;
  return brows;
}

Eyes make_eyes(CounterRng& rng, float melanin, bool masculine) {
  static const std::array<Colour, 6> kIrises = {linear(104, 142, 176), linear(112, 136, 130), linear(98, 116, 76),
                                                linear(128, 92, 52),   linear(88, 56, 34),    linear(54, 34, 24)};
  Eyes eyes{};
  eyes.width = between(rng, 0.205F, 0.24F);
  eyes.opening = between(rng, 0.36F, 0.52F);
  eyes.tilt = between(rng, -0.03F, 0.16F);
  eyes.fold = between(rng, 0.1F, 0.9F);
  eyes.lashes = masculine ? between(rng, 0.5F, 0.8F) : between(rng, 0.8F, 1.2F);
  eyes.iris = along(kIrises, std::max(between(rng, 0.0F, 1.0F), melanin * 1.3F));
  eyes.shadow = {0.86F, 0.80F, 0.80F};
  if (!masculine && rng.chance(0.4)) {
    eyes.shadow = {between(rng, 0.6F, 0.85F), between(rng, 0.5F, 0.75F), between(rng, 0.55F, 0.85F)};
  }
  return eyes;
}

Lips make_lips(CounterRng& rng, const Skin& skin, bool masculine) {
  Lips lips{};
  lips.width = between(rng, 0.34F, 0.41F);
  lips.upper = masculine ? between(rng, 0.07F, 0.11F) : between(rng, 0.09F, 0.135F);
  lips.lower = masculine ? between(rng, 0.1F, 0.14F) : between(rng, 0.12F, 0.17F);
  lips.bow = between(rng, 0.15F, 0.5F);
  lips.colour = skin.colour.mul(Colour(0.82F, 0.5F, 0.52F));
  if (!masculine && rng.chance(0.6)) {
    const Colour stick{between(rng, 0.3F, 0.6F), between(rng, 0.03F, 0.13F), between(rng, 0.06F, 0.18F)};
    lips.colour = lips.colour * 0.35F + stick * 0.65F;
  }
  return lips;
}

Nose make_nose(CounterRng& rng) {
  Nose nose{};
  nose.width = between(rng, 0.19F, 0.265F);
  nose.bridge = between(rng, 0.75F, 1.25F);
  nose.tip = between(rng, 0.75F, 1.25F);
  nose.length = between(rng, 0.45F, 0.6F);
  return nose;
}

Glasses make_glasses(CounterRng& rng) {
  Glasses glasses{};
  glasses.worn = rng.chance(0.12);
  glasses.radius = between(rng, 0.3F, 0.36F);
  glasses.squareness = between(rng, 2.0F, 5.0F);
  glasses.thickness = between(rng, 0.02F, 0.04F);
  glasses.colour = Colour{between(rng, 0.0F, 0.12F), between(rng, 0.0F, 0.06F), between(rng, 0.0F, 0.08F)};
  return glasses;
}

Light make_light(CounterRng& rng) {
  Light light{};
  const cv::Vec3f towards{between(rng, -0.75F, 0.75F), between(rng, -0.75F, -0.1F), between(rng, 0.6F, 1.0F)};
  light.direction = towards / static_cast<float>(cv::norm(towards));
  const float warmth = between(rng, -1.0F, 1.0F);
  const float power = between(rng, 0.82F, 1.08F);
  light.colour = Colour(1.0F + 0.09F * warmth, 1.0F, 1.0F - 0.12F * warmth) * power;
  const float cool = between(rng, -1.0F, 1.0F);
  const float fill = between(rng, 0.2F, 0.36F);
  light.ambient = Colour(1.0F - 0.06F * cool, 1.0F, 1.0F + 0.1F * cool) * fill;
  return light;
}

}  // namespace

Colour linear(float red, float green, float blue) {
  const Colour level(red / 255.0F, green / 255.0F, blue / 255.0F);
  return level.mul(level);
}

Identity make_identity(uint64_t seed, uint64_t number) {
  CounterRng rng = draws(seed, Draw::identity, number);
  Identity person;
  person.seed = seed;
  person.number = person.face = number;
  const bool masculine = rng.chance(0.5);
  const float melanin = between(rng, 0.0F, 1.0F);
  person.head = make_head(rng);
  person.skin = make_skin(rng, melanin);
  person.hair = make_hair(rng, melanin, person.skin.age, masculine);
  person.skin.stubble = masculine && rng.chance(0.6) ? between(rng, 0.1F, 0.5F) : 0.0F;
  person.brows = make_brows(rng, person.hair, masculine);
  person.eyes = make_eyes(rng, melanin, masculine);
  person.nose = make_nose(rng);
  person.lips = make_lips(rng, person.skin, masculine);
  person.glasses = make_glasses(rng);
  person.light = make_light(rng);
  person.camera.noise = between(rng, 1.2F, 3.2F);
  person.camera.blur = between(rng, 0.35F, 0.65F);
  return person;
}

Identity swap_face(const Identity& target, const Identity& source) {
  Identity swapped = target;
  swapped.face = source.face;
  swapped.skin = source.skin;
  swapped.brows = source.brows;
  swapped.eyes = source.eyes;
  swapped.nose = source.nose;
  swapped.lips = source.lips;
  swapped.glasses = source.glasses;
  swapped.hair.beard = source.hair.beard;
  return swapped;
}

}  // namespace realface::data::synthesis
