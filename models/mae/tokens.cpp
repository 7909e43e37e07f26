#include <ATen/ops/argsort.h>

#include <algorithm>
#include <cmath>

#include "models/mae/mae.h"

namespace realface::models {

Visible visible_tokens(const torch::Tensor& mask, int64_t length, bool fixed) {
  const int64_t patches = mask.size(1);
  length = std::min(length, patches);
  // A stable sort puts the visible ids first, ascending, then the masked ones, ascending.
  const auto order = at::argsort(mask.to(torch::kUInt8), /*stable=*/true, /*dim=*/1, /*descending=*/false);
  Visible visible;
  visible.ids = order.narrow(1, 0, length);
  if (fixed) {
    visible.masked = order.narrow(1, length, patches - length);
    return visible;
  }
  const auto counts = patches - mask.sum(1, /*keepdim=*/true);
  visible.valid = torch::arange(length, counts.options()) < counts;
  visible.ids = visible.ids * visible.valid;
  return visible;
}

torch::Tensor patchify(const torch::Tensor& images, int64_t patch) {
  const int64_t rows = images.size(1) / patch;
  const int64_t columns = images.size(2) / patch;
  const int64_t channels = images.size(3);
  return images.reshape({images.size(0), rows, patch, columns, patch, channels})
      .transpose(2, 3)
      .reshape({images.size(0), rows * columns, patch * patch * channels});
}

torch::Tensor unpatchify(const torch::Tensor& patches, int64_t patch, int64_t channels) {
  const auto grid = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(patches.size(1)))));
  return patches.reshape({patches.size(0), grid, grid, patch, patch, channels})
      .transpose(2, 3)
      .reshape({patches.size(0), grid * patch, grid * patch, channels});
}

}  // namespace realface::models
