#include "data/faces/landmarks.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

namespace realface::data {
namespace {

constexpr int kCount = 68;

/// The point, 0-based, that stands where point i stands once the picture is mirrored.
constexpr std::array<int, kCount> mirrored_points() {
  std::array<int, kCount> other{};
  for (int i = 0; i < kCount; ++i) { other[static_cast<size_t>(i)] = i; }
  const auto reflect = [&other](int first, int last, int sum) {
    for (int i = first; i <= last; ++i) { other[static_cast<size_t>(i)] = sum - i; }
  };
  reflect(0, 16, 16);   // jaw
  reflect(17, 26, 43);  // brows
  reflect(31, 35, 66);  // nose base
  reflect(36, 39, 81);  // upper lids: 36 <-> 45 ... 39 <-> 42
  reflect(42, 45, 81);
  reflect(40, 41, 87);  // lower lids: 40 <-> 47, 41 <-> 46
  reflect(46, 47, 87);
  reflect(48, 54, 102);  // outer lip, upper and lower
  reflect(55, 59, 114);
  reflect(60, 64, 124);  // inner lip
  reflect(65, 67, 132);
  return other;
}
constexpr auto kMirrored = mirrored_points();

}  // namespace

Point point(Landmarks landmarks, int number) {
  const auto at = static_cast<size_t>(2 * (number - 1));
  return {landmarks[at], landmarks[at + 1]};
}

Point mean_point(Landmarks landmarks, LandmarkGroup group) {
  Point sum{0, 0};
  for (int number = group.first; number <= group.last; ++number) {
    const Point p = point(landmarks, number);
    sum.x += p.x;
    sum.y += p.y;
  }
  const double count = group.last - group.first + 1;
  return {sum.x / count, sum.y / count};
}

double eye_distance(Landmarks landmarks) {
  const Point left = mean_point(landmarks, kLeftEye);
  const Point right = mean_point(landmarks, kRightEye);
  return std::hypot(right.x - left.x, right.y - left.y);
}

bool plausible(Landmarks landmarks) {
  for (const float value : landmarks) {
    if (!std::isfinite(value)) { return false; }
  }
  return eye_distance(landmarks) >= 1.0;
}

void flip_landmarks(std::span<float, 136> landmarks, int width) {
  for (size_t i = 0; i < kCount; ++i) {
    const auto other = static_cast<size_t>(kMirrored[i]);
    if (other < i) {
      continue;  // the pair was exchanged when its first point was met
    }
    std::swap(landmarks[2 * i], landmarks[2 * other]);
    std::swap(landmarks[2 * i + 1], landmarks[2 * other + 1]);
  }
  const auto last = static_cast<float>(width - 1);
  for (size_t i = 0; i < kCount; ++i) { landmarks[2 * i] = last - landmarks[2 * i]; }
}

}  // namespace realface::data
