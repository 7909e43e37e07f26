#pragma once

#include <cstdint>

#include "data/synthesis/drawing/identity.h"

namespace realface::data::synthesis {

inline constexpr int kFramesPerSecond = 25;

/// What a face does, apart from where its head is: the part that a re-enactment copies from another person.
struct Expression {
  float mouth_open;  // 0 closed .. 1
  float mouth_wide;  // -1 pursed .. 1 spread
  float smile;       // -0.5 .. 1
  float brow_raise;  // units, upwards
  float eye_open;    // 0 shut .. 1
};

/// Everything that changes from frame to frame.
struct Pose {
  float yaw, pitch, roll;  // radians; positive yaw turns to the right of the picture, positive pitch looks down
  float x, y;              // shift in units
  float gaze_x, gaze_y;    // -1..1
  Expression expression;
};

/// The pose of a talking person at a frame, 25 a second: a pure function of the identity's key and the frame, smooth
/// in time. Yaw stays within 15 degrees, pitch within 8, roll within 7.
Pose pose_at(const Identity& person, int64_t frame);

}  // namespace realface::data::synthesis
