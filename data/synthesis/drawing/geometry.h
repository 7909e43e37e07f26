#pragma once

#include <cmath>
#include <opencv2/core/mat.hpp>

#include "data/synthesis/drawing/identity.h"
#include "data/synthesis/drawing/motion.h"

/// The shape of a head, as a height over the plane of the face ("2.5-D"), and how a pose moves it on the screen.
namespace realface::data::synthesis {

/// The picture in which a face is painted before it is posed: frontal, a little finer than the screen. Pixel centres at
/// integers.
struct Canvas {
  int width, height;
  float px;         // pixels a unit
  float left, top;  // u and v of the first pixel's centre
  float u(int x) const { return left + static_cast<float>(x) / px; }
  float v(int y) const { return top + static_cast<float>(y) / px; }
  int x(float at) const { return static_cast<int>(std::lround((at - left) * px)); }
  int y(float at) const { return static_cast<int>(std::lround((at - top) * px)); }
};

/// Covers a head with its hair: u in [-1.75, 1.75], v in [-2.15, 2.0].
Canvas face_canvas(const Identity& person, int frame_size);

/// A bell of height 1 at (0, 0), of 1/e half widths `su`, `sv`.
inline float bell(float du, float dv, float su, float sv) {
  const float a = du / su, b = dv / sv;
  return std::exp(-a * a - b * b);
}

/// 0 below `low`, 1 above `high`, smooth between.
inline float ramp(float low, float high, float value) {
  const float t = std::fmin(1.0F, std::fmax(0.0F, (value - low) / (high - low)));
  return t * t * (3.0F - 2.0F * t);
}

inline float mixed(float a, float b, float part) { return a + (b - a) * part; }

/// 1 on the outline of the head without hair and ears, less inside, linear in the distance from the middle.
float outline(const Head& head, float u, float v);

/// Height towards the camera, in units, with nose, sockets, lips and chin: for shading.
float relief(const Identity& person, float u, float v);

/// Unit normals [height, width] CV_32FC3 (right, down, to the camera) of the relief.
cv::Mat normals(const Identity& person, const Canvas& canvas);

/// For each pixel of the screen the pixel of the canvas that it shows, CV_32FC2 [size, size]: rotation with parallax,
/// the fall of the jaw and the rise of the brows. Continuous everywhere.
cv::Mat screen_to_canvas(const Identity& person, const Canvas& canvas, const Pose& pose, int size);

}  // namespace realface::data::synthesis
