#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include "stages/composite/stage.h"

namespace realface::stages {
namespace {

/// Normalised tokens [B, N, V] -> pictures [B, H, W, 3] in [0, 1], or clips of them.
torch::Tensor pictures(const torch::Tensor& tokens, const Normaliser& pixels, const models::MaeConfig& model) {
  const auto values = pixels.unit(tokens).clamp(0, 1);
  return model.of_clips() ? models::untubify(values, model.cut()) : models::unpatchify(values, model.patch);
}

}  // namespace

torch::Tensor inpaint(models::MaskedAutoencoder& network, const Normaliser& pixels, const torch::Tensor& images,
                      const torch::Tensor& masks, int64_t visible) {
  const int64_t batch = masks.size(0), passes = masks.size(1);
  const auto patches = pixels.patches(images);  // [B, N, V]
  // All passes in one: sample after sample, its passes together.
  const auto repeated = patches.repeat_interleave(passes, 0);
  const auto tokens = models::visible_tokens(masks.flatten(0, 1), visible, /*fixed=*/false);
  const auto predicted = network.forward(repeated, tokens).to(torch::kFloat32).unflatten(0, {batch, passes});
  const auto hidden = masks.to(torch::kFloat32).unsqueeze(-1);  // [B, passes, N, 1]
  const auto count = hidden.sum(1);
  const auto mean = (predicted * hidden).sum(1) / count.clamp_min(1);
  return pictures(at::where(count > 0, mean, patches), pixels, network.config());
}

torch::Tensor decode_whole(models::MaskedAutoencoder& network, const Normaliser& pixels, const torch::Tensor& images) {
  const auto patches = pixels.patches(images);
  const auto nothing = at::zeros({patches.size(0), patches.size(1)}, patches.options().dtype(torch::kBool));
  const auto tokens = models::visible_tokens(nothing, patches.size(1), /*fixed=*/false);
  return pictures(network.forward(patches, tokens), pixels, network.config());
}

torch::Tensor shrunk(const torch::Tensor& faces, int64_t shrink) {
  const auto pictures = faces.flatten(0, faces.dim() - 4);
  return at::avg_pool2d(pictures.permute({0, 3, 1, 2}), shrink).to(torch::kFloat16).contiguous();
}

}  // namespace realface::stages
