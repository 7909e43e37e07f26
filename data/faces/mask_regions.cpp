#include "data/faces/mask_regions.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace realface::data {
namespace {

Patches id_range(int64_t first, int64_t end) {
  Patches ids(static_cast<size_t>(std::max<int64_t>(0, end - first)));
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

std::optional<Parts> cut(int64_t eyes_end, int64_t nose_end, int64_t count) {
  if (nose_end >= count) { return std::nullopt; }
  return Parts{id_range(0, eyes_end), id_range(eyes_end, nose_end), id_range(nose_end, count)};
}

std::optional<Parts> literal_parts(Geometry geometry, Landmarks landmarks) {
  const auto patch_of = [&](int number) {
    const Point p = point(landmarks, number);
    return geometry.grid * geometry.cell(p.y) + geometry.cell(p.x);
  };
  const int64_t eyes_last = patch_of(17);
  int64_t nose_last = patch_of(16);
  // A face rolled far enough has P16 above P17: one row then stands for the nose (G2).
  if (nose_last <= eyes_last) { nose_last = std::min(eyes_last + geometry.grid, geometry.patches() - 1); }
  return cut(eyes_last + 1, nose_last + 1, geometry.patches());
}

std::optional<Parts> semantic_parts(Geometry geometry, Landmarks landmarks) {
  double eyes_bottom = point(landmarks, kLeftEye.first).y;
  for (int number = kLeftEye.first; number <= kRightEye.last; ++number) {
    eyes_bottom = std::max(eyes_bottom, point(landmarks, number).y);
  }
  const int64_t eyes_row = geometry.cell(eyes_bottom + 0.1 * eye_distance(landmarks));
  const int64_t nose_row = std::max(geometry.cell(point(landmarks, 34).y), eyes_row + 1);
  return cut(geometry.grid * (eyes_row + 1), geometry.grid * (nose_row + 1), geometry.patches());
}

Box around(Landmarks landmarks, LandmarkGroup group, double padding) {
  const Point first = point(landmarks, group.first);
  Box box{first.x, first.y, first.x, first.y};
  for (int number = group.first; number <= group.last; ++number) {
    const Point p = point(landmarks, number);
    box = {std::min(box.x0, p.x), std::min(box.y0, p.y), std::max(box.x1, p.x), std::max(box.y1, p.y)};
  }
  return {box.x0 - padding, box.y0 - padding, box.x1 + padding, box.y1 + padding};
}

Box square(Point centre, double half_side) {
  return {centre.x - half_side, centre.y - half_side, centre.x + half_side, centre.y + half_side};
}

double overlap(const Box& a, const Box& b) {
  const double width = std::min(a.x1, b.x1) - std::max(a.x0, b.x0);
  const double height = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
  return width > 0 && height > 0 ? width * height : 0;
}

Point nearest_to(Landmarks landmarks, LandmarkGroup group, Point corner) {
  Point best = point(landmarks, group.first);
  const auto distance = [&](Point p) { return std::hypot(p.x - corner.x, p.y - corner.y); };
  for (int number = group.first; number <= group.last; ++number) {
    if (const Point p = point(landmarks, number); distance(p) < distance(best)) { best = p; }
  }
  return best;
}

}  // namespace

int64_t Geometry::cell(double coordinate) const {
  // Clamped before the cast: a coordinate may be beyond any integer.
  const double index = std::floor(coordinate / static_cast<double>(patch));
  return static_cast<int64_t>(std::clamp(index, 0.0, static_cast<double>(grid - 1)));
}

std::optional<Parts> facial_parts(const std::string& kind, Geometry geometry, Landmarks landmarks) {
  return kind == "semantic" ? semantic_parts(geometry, landmarks) : literal_parts(geometry, landmarks);
}

std::vector<Box> regions_of_interest(Landmarks landmarks) {
  const double d = eye_distance(landmarks);
  const auto x = [&](int number) { return point(landmarks, number).x; };
  const auto y = [&](int number) { return point(landmarks, number).y; };
  const double low_left = std::max(y(41), y(42));
  const double low_right = std::max(y(47), y(48));
  return {
      around(landmarks, kLeftBrow, 0.10 * d),                                            // R1
      around(landmarks, kRightBrow, 0.10 * d),                                           // R2
      {x(37) - 0.05 * d, low_left - 0.05 * d, x(40) + 0.05 * d, low_left + 0.25 * d},    // R3: under an eye
      {x(43) - 0.05 * d, low_right - 0.05 * d, x(46) + 0.05 * d, low_right + 0.25 * d},  // R4
      {x(40), std::min(y(22), y(23)), x(43), y(29)},                                     // R5: between the eyes
      {x(37) - 0.15 * d, low_left + 0.25 * d, x(32) - 0.05 * d, y(51)},                  // R6: a cheek
      {x(36) + 0.05 * d, low_right + 0.25 * d, x(46) + 0.15 * d, y(53)},                 // R7
      square(point(landmarks, 49), 0.22 * d),                                            // R8: a lip corner
      square(point(landmarks, 55), 0.22 * d),                                            // R9
      {x(6), y(58), x(8), y(8)},                                                         // R10: sides of the chin
      {x(10), y(58), x(12), y(10)},
      {x(8), y(58) + 0.05 * d, x(10), y(9)},  // R11: the chin
  };
}

std::vector<uint8_t> signed_patches(const std::vector<Box>& boxes, Geometry geometry, double tau) {
  const auto side = static_cast<double>(geometry.patch);
  std::vector<uint8_t> is_signed(static_cast<size_t>(geometry.patches()), 0);
  for (int64_t id = 0; id < geometry.patches(); ++id) {
    const double left = static_cast<double>(id % geometry.grid) * side;
    const double top = static_cast<double>(id / geometry.grid) * side;
    const Box patch{left, top, left + side, top + side};
    const bool inside = tau <= 0 || std::any_of(boxes.begin(), boxes.end(), [&](const Box& box) {
                          return overlap(patch, box) >= tau * side * side;
                        });
    is_signed[static_cast<size_t>(id)] = inside ? 1 : 0;
  }
  return is_signed;
}

Patches key_patches(Geometry geometry, Landmarks landmarks) {
  const double last = geometry.size() - 1;
  const Point a = nearest_to(landmarks, kLeftBrow, {0, 0});
  const Point b = nearest_to(landmarks, kRightBrow, {last, 0});
  const Point c = nearest_to(landmarks, {1, 8}, {0, last});
  const Point d = nearest_to(landmarks, {10, 17}, {last, last});
  const double margin = static_cast<double>(geometry.patch) / 2;  // 8 px of a 16 px patch
  const Box box{std::min(a.x, c.x) - margin, std::min(a.y, b.y) - margin, std::max(b.x, d.x) + margin,
                std::max(c.y, d.y) + margin};
  Patches ids;
  for (int64_t row = geometry.cell(box.y0); row <= geometry.cell(box.y1); ++row) {
    for (int64_t column = geometry.cell(box.x0); column <= geometry.cell(box.x1); ++column) {
      ids.push_back(geometry.grid * row + column);
    }
  }
  return ids;
}

}  // namespace realface::data
