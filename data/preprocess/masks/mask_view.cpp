#include "data/preprocess/masks/mask_view.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace realface::data::preprocess {
namespace {

/// The first pixel of `count` at or after an edge of a box that is scaled by `factor`.
int edge(float position, double factor, int count) {
  return static_cast<int>(
      std::clamp(std::ceil((static_cast<double>(position) + 0.5) * factor - 0.5), 0.0, static_cast<double>(count)));
}

}  // namespace

FrameMask empty_mask(const Picture& picture) {
  const auto pixels = static_cast<size_t>(picture.width) * static_cast<size_t>(picture.height);
  return {picture.width, picture.height, std::vector<uint8_t>(pixels)};
}

void require_one_size(const Picture& fake, const Picture& real) {
  if (fake.width == real.width && fake.height == real.height) { return; }
  throw DataError(misaligned(fake, real));
}

cv::Rect pixels_in(const Box& box, int width, int height, double x, double y) {
  const int left = edge(box.left, x, width), top = edge(box.top, y, height);
  return {left, top, std::max(0, edge(box.right, x, width) - left), std::max(0, edge(box.bottom, y, height) - top)};
}

}  // namespace realface::data::preprocess
