#include "data/preprocess/geometry.h"

#include <algorithm>

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
