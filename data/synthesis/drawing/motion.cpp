#include "data/synthesis/drawing/motion.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "data/synthesis/drawing/draws.h"

namespace realface::data::synthesis {
namespace {

constexpr float kTurn = 2.0F * std::numbers::pi_v<float>;
constexpr float kDegree = std::numbers::pi_v<float> / 180.0F;

/// Three incommensurable waves: smooth, never repeating within a video, within -1..1. Always draws six numbers.
float sway(CounterRng& rng, float seconds, float slowest, float fastest) {
  static constexpr float kWeights[] = {0.55F, 0.3F, 0.15F};
  float sum = 0.0F;
  for (const float weight : kWeights) {
    const float frequency = between(rng, slowest, fastest);
    const float phase = between(rng, 0.0F, kTurn);
    sum += weight * std::sin(kTurn * frequency * seconds + phase);
  }
  return sum;
}

/// An angle about a drawn rest, in radians. Statement by statement: C++ leaves the order of draws in one expression
/// open.
float turn(CounterRng& rng, float seconds, float rest, float least, float most, float fastest) {
  const float middle = between(rng, -rest, rest);
  const float reach = between(rng, least, most);
  return kDegree * (middle + reach * sway(rng, seconds, 0.2F, fastest));
}

/// 1 open, 0 shut: a blink of a fifth of a second in each stretch of 1.6 s, at a time drawn for that stretch.
float eyelids(const Identity& person, float seconds) {
  constexpr float kStretch = 1.6F, kHalf = 0.1F;
  const auto stretch = static_cast<uint64_t>(seconds / kStretch);
  CounterRng rng = draws(person.seed, Draw::motion, person.number, stretch + 1);
  const float middle = (static_cast<float>(stretch) + between(rng, 0.15F, 0.85F)) * kStretch;
  const float distance = std::abs(seconds - middle) / kHalf;
  return distance >= 1.0F ? 1.0F : distance * distance * (3.0F - 2.0F * distance);
}

Expression talk(CounterRng& rng, const Identity& person, float seconds) {
  Expression expression{};
  const float syllable = 0.5F + 0.5F * sway(rng, seconds, 2.4F, 4.6F);
  const float phrase = std::clamp(0.75F + 0.8F * sway(rng, seconds, 0.2F, 0.6F), 0.0F, 1.0F);
  expression.mouth_open = std::clamp(1.3F * syllable * phrase - 0.2F, 0.0F, 1.0F);
  expression.mouth_wide = 0.8F * sway(rng, seconds, 1.5F, 3.0F);
  const float mood = between(rng, 0.0F, 0.7F);
  expression.smile = std::clamp(mood + 0.4F * sway(rng, seconds, 0.15F, 0.5F), -0.3F, 1.0F);
  expression.brow_raise = 0.05F * sway(rng, seconds, 0.2F, 0.9F);
  expression.eye_open = eyelids(person, seconds) * (0.95F + 0.05F * sway(rng, seconds, 0.3F, 0.8F));
  return expression;
}

}  // namespace

Pose pose_at(const Identity& person, int64_t frame) {
  const float seconds = static_cast<float>(frame) / static_cast<float>(kFramesPerSecond);
  CounterRng rng = draws(person.seed, Draw::motion, person.number);
  Pose pose{};
  pose.yaw = turn(rng, seconds, 4.0F, 6.0F, 11.0F, 0.7F);
  pose.pitch = turn(rng, seconds, 2.0F, 3.0F, 6.0F, 0.9F);
  pose.roll = turn(rng, seconds, 2.0F, 2.0F, 5.0F, 0.5F);
  pose.x = 0.1F * sway(rng, seconds, 0.15F, 0.5F);
  pose.y = 0.07F * sway(rng, seconds, 0.2F, 0.7F);
  pose.gaze_x = std::clamp(0.9F * sway(rng, seconds, 0.2F, 0.8F) - 1.5F * pose.yaw, -1.0F, 1.0F);
  pose.gaze_y = 0.4F * sway(rng, seconds, 0.2F, 0.8F);
  pose.expression = talk(rng, person, seconds);
  return pose;
}

}  // namespace realface::data::synthesis
