#pragma once

#include <algorithm>
#include <opencv2/core/mat.hpp>

#include "data/synthesis/drawing/geometry.h"
#include "data/synthesis/drawing/identity.h"

namespace realface::data::synthesis {

/// A head painted on its canvas at rest, before light and pose. All [canvas.height, canvas.width].
struct Layers {
  Canvas canvas;
  cv::Mat albedo;     // CV_32FC3 linear RGB
  cv::Mat alpha;      // CV_32F: 1 where the head hides what is behind it
  cv::Mat normal;     // CV_32FC3 unit
  cv::Mat occlusion;  // CV_32F: 1 open to the light .. 0 in a deep fold
  cv::Mat shine;      // CV_32F: weight of the highlight
  cv::Mat glasses;    // CV_32F cover by the frame of glasses; empty where none are worn
};

/// Share of a pixel that lies inside an edge, from the distance to it in pixels (positive inside).
inline float cover(float distance) { return std::clamp(distance + 0.5F, 0.0F, 1.0F); }

inline Colour blend(const Colour& under, const Colour& over, float part) { return under + (over - under) * part; }

/// Face and ears with their colour, folds, moles, freckles, wrinkles, beard and brows. Needs normal; fills the rest.
void paint_skin(const Identity& person, Layers& layers);

/// The hair that lies on the head and before the shoulders.
void paint_hair(const Identity& person, Layers& layers);

void paint_glasses(const Identity& person, Layers& layers);

/// Whether hair falls behind the neck, and how far down (v); 0 where it does not.
float hair_behind(const Identity& person);

/// Everything of a head that no expression changes.
Layers paint_head(const Identity& person, int frame_size);

/// Neck, clothes and back hair, lit: CV_8UC4 RGB and cover, the frame with `margin` more pixels on each side.
cv::Mat paint_body(const Identity& person, int frame_size, int margin);

/// The room behind: CV_8UC3 RGB, the frame with `margin` more pixels on each side.
cv::Mat paint_backdrop(const Identity& person, int frame_size, int margin);

/// Linear light to 8-bit levels.
inline uint8_t level(float linear_light) {
  return static_cast<uint8_t>(std::sqrt(std::clamp(linear_light, 0.0F, 1.0F)) * 255.0F + 0.5F);
}

}  // namespace realface::data::synthesis
