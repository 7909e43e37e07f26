#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

/// Boxes and crops. Coordinates are pixels with centres at integers: pixel k covers [k - 0.5, k + 0.5].
namespace realface::data::preprocess {

/// Edges, in such coordinates: a box around exactly one pixel (x, y) is {x - 0.5, y - 0.5, x + 0.5, y + 0.5}.
struct Box {
  float left = 0, top = 0, right = 0, bottom = 0;
  float width() const { return right - left; }
  float height() const { return bottom - top; }
  float area() const { return width() * height(); }
};

/// Area of the intersection over area of the union; 0 for boxes that do not meet.
float overlap(const Box& a, const Box& b);
Box unite(const Box& a, const Box& b);
/// The box about the same centre, its sides scaled.
Box grow(const Box& box, float factor);
/// The square about the box's centre whose side is `margin` times the longer side (G12).
Box square_about(const Box& box, float margin);
bool inside(const Box& box, int width, int height);

/// Row-major 2 x 3, source to crop.
using Affine = std::array<float, 6>;

/// Maps `square` onto a crop of size x size pixels: its left edge to -0.5, its right edge to size - 0.5.
Affine crop_transform(const Box& square, int size);
Affine inverse(const Affine& affine);
/// `first`, and `then` of what that gives.
Affine chained(const Affine& first, const Affine& then);
/// Around what the box becomes.
Box bounds(const Affine& affine, const Box& box);

using FivePoints = std::array<std::array<double, 2>, 5>;  // x, y
/// The rotation, scale and shift that brings `from` nearest to `to`, by the sum of squared distances there. `from` must
/// not be a single point.
Affine similarity(const FivePoints& from, const FivePoints& to);
/// x0, y0, x1, y1, ...
std::array<float, 136> mapped(const Affine& affine, const std::array<float, 136>& points);

/// Which frames of a video of `available` are stored (G13): t_j = j s, s = clamp(floor((available - 1) / (count - 1)),
/// 1, 4), j = 0..count-1; all of a shorter video.
std::vector<int32_t> chosen_frames(int64_t available, int count);

}  // namespace realface::data::preprocess
