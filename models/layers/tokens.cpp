#include "models/layers/tokens.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/argsort.h>

#include <algorithm>
#include <cmath>

#include "models/layers/linear.h"

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

torch::Tensor gather_rows(const torch::Tensor& x, const torch::Tensor& ids) {
  // Whole rows are copied; at::gather would look up every value.
  const auto firsts = at::arange(ids.size(0), ids.options()).mul_(x.size(1)).unsqueeze(1);
  return x.flatten(0, 1).index_select(0, (ids + firsts).flatten()).unflatten(0, ids.sizes());
}

torch::Tensor place_rows(const torch::Tensor& rows, const Visible& visible, const torch::Tensor& filling,
                         int64_t count) {
  // Padding goes to one row too many, which is then cut off.
  const auto places = visible.valid.defined() ? visible.ids.masked_fill(~visible.valid, count) : visible.ids;
  return widened(filling, rows.scalar_type())
      .expand({rows.size(0), count + 1, rows.size(2)})
      .scatter(1, places.unsqueeze(-1).expand(rows.sizes()), rows)
      .narrow(1, 0, count);
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

torch::Tensor tubify(const torch::Tensor& clips, int64_t patch, int64_t tubelet) {
  const auto patches = patchify(clips.flatten(0, 1), patch);  // [B * T, N, P*P*3]
  return patches.unflatten(0, {clips.size(0), clips.size(1) / tubelet, tubelet})
      .transpose(2, 3)  // [B, slots, N, t, P*P*3]
      .flatten(3, 4)
      .flatten(1, 2);
}

torch::Tensor untubify(const torch::Tensor& tokens, const TokenGrid& grid) {
  const auto patches = tokens.unflatten(2, {grid.tubelet, -1}).unflatten(1, {grid.slots(), grid.places()});
  const auto frames = patches.transpose(2, 3).reshape({tokens.size(0) * grid.frames, grid.places(), -1});
  return unpatchify(frames, grid.patch).unflatten(0, {tokens.size(0), grid.frames});
}

}  // namespace realface::models
