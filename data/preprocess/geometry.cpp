#include "data/preprocess/geometry.h"

#include <algorithm>
#include <utility>

namespace realface::data::preprocess {

float overlap(const Box& a, const Box& b) {
  const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const float height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  if (width <= 0 || height <= 0) { return 0; }
  const float both = width * height;
  return both / (a.area() + b.area() - both);
}

Box unite(const Box& a, const Box& b) {
  return {std::min(a.left, b.left), std::min(a.top, b.top), std::max(a.right, b.right), std::max(a.bottom, b.bottom)};
}

Box grow(const Box& box, float factor) {
  const float dx = box.width() * (factor - 1) / 2, dy = box.height() * (factor - 1) / 2;
  return {box.left - dx, box.top - dy, box.right + dx, box.bottom + dy};
}

Box square_about(const Box& box, float margin) {
  const float x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
  const float half = margin * std::max(box.width(), box.height()) / 2;
  return {x - half, y - half, x + half, y + half};
}

bool inside(const Box& box, int width, int height) {
  return box.left >= -0.5F && box.top >= -0.5F && box.right <= static_cast<float>(width) - 0.5F &&
         box.bottom <= static_cast<float>(height) - 0.5F;
}

Affine crop_transform(const Box& square, int size) {
  const float scale = static_cast<float>(size) / square.width();
  return {scale, 0, -0.5F - scale * square.left, 0, scale, -0.5F - scale * square.top};
}

Affine inverse(const Affine& m) {
  const float d = m[0] * m[4] - m[1] * m[3];
  const float a = m[4] / d, b = -m[1] / d, c = -m[3] / d, e = m[0] / d;
  return {a, b, -(a * m[2] + b * m[5]), c, e, -(c * m[2] + e * m[5])};
}

Affine chained(const Affine& first, const Affine& then) {
  const auto row = [&](size_t r) {
    return std::array<float, 3>{then[r] * first[0] + then[r + 1] * first[3],
                                then[r] * first[1] + then[r + 1] * first[4],
                                then[r] * first[2] + then[r + 1] * first[5] + then[r + 2]};
  };
  const auto x = row(0), y = row(3);
  return {x[0], x[1], x[2], y[0], y[1], y[2]};
}

Box bounds(const Affine& m, const Box& box) {
  const auto span = [&](size_t r) {
    const auto along = std::minmax({m[r] * box.left, m[r] * box.right});
    const auto down = std::minmax({m[r + 1] * box.top, m[r + 1] * box.bottom});
    return std::pair(along.first + down.first + m[r + 2], along.second + down.second + m[r + 2]);
  };
  const auto x = span(0), y = span(3);
  return {x.first, y.first, x.second, y.second};
}

Affine similarity(const FivePoints& from, const FivePoints& to) {
  const auto centre = [](const FivePoints& points) {
    std::array<double, 2> sum{};
    for (const auto& [x, y] : points) { sum = {sum[0] + x / 5, sum[1] + y / 5}; }
    return sum;
  };
  const auto [fx, fy] = centre(from);
  const auto [tx, ty] = centre(to);
  double along = 0, across = 0, spread = 0;  // of complex numbers: conj(from) * to, and |from|^2
  for (size_t i = 0; i < from.size(); ++i) {
    const double x = from[i][0] - fx, y = from[i][1] - fy, u = to[i][0] - tx, v = to[i][1] - ty;
    along += x * u + y * v;
    across += x * v - y * u;
    spread += x * x + y * y;
  }
  const double a = along / spread, b = across / spread;
  const auto f = [](double value) { return static_cast<float>(value); };
  return {f(a), f(-b), f(tx - a * fx + b * fy), f(b), f(a), f(ty - b * fx - a * fy)};
}

std::array<float, 136> mapped(const Affine& m, const std::array<float, 136>& points) {
  std::array<float, 136> out{};
  for (size_t i = 0; i < points.size(); i += 2) {
    out[i] = m[0] * points[i] + m[1] * points[i + 1] + m[2];
    out[i + 1] = m[3] * points[i] + m[4] * points[i + 1] + m[5];
  }
  return out;
}

std::vector<int32_t> chosen_frames(int64_t available, int count) {
  const int64_t step = count > 1 ? std::clamp<int64_t>((available - 1) / (count - 1), 1, 4) : 1;
  std::vector<int32_t> frames;
  for (int64_t j = 0; j < count && j * step < available; ++j) { frames.push_back(static_cast<int32_t>(j * step)); }
  return frames;
}

}  // namespace realface::data::preprocess
