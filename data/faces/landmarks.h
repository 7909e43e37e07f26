#pragma once

#include <span>

namespace realface::data {

/// 68 landmarks of a face, x0, y0, x1, y1, ... in pixels of the crop, pixel centres at integers, in dlib's (iBUG 300-W)
/// order.
using Landmarks = std::span<const float, 136>;

/// Landmarks are numbered from 1, P1 to P68 (G1), in these groups and in `point`.
struct LandmarkGroup {
  int first, last;  // inclusive
};
inline constexpr LandmarkGroup kJaw{1, 17};        // from the top at image left, by the chin (P9), to the top right
inline constexpr LandmarkGroup kLeftBrow{18, 22};  // left and right are the image's
inline constexpr LandmarkGroup kRightBrow{23, 27};
inline constexpr LandmarkGroup kNoseBridge{28, 31};  // downwards
inline constexpr LandmarkGroup kNoseBase{32, 36};
inline constexpr LandmarkGroup kLeftEye{37, 42};
inline constexpr LandmarkGroup kRightEye{43, 48};
inline constexpr LandmarkGroup kOuterLip{49, 60};
inline constexpr LandmarkGroup kInnerLip{61, 68};

struct Point {
  double x, y;
};

/// P`number` of 1..68.
Point point(Landmarks landmarks, int number);
Point mean_point(Landmarks landmarks, LandmarkGroup group);
/// Distance between the centres of the eyes, the unit in which G3 pads its boxes.
double eye_distance(Landmarks landmarks);

/// False where no face has such landmarks: a value that is not a number, or eyes less than a pixel apart.
bool plausible(Landmarks landmarks);

/// Mirrors the landmarks of a picture `width` pixels wide, in place: x becomes width - 1 - x, and points change places
/// with those of the other side, so that P37 is the image-left eye's outer corner again (G18). An involution.
void flip_landmarks(std::span<float, 136> landmarks, int width);

}  // namespace realface::data
