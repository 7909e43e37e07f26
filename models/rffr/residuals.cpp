#include "models/rffr/residuals.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/reflection_pad2d.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

namespace realface::models {
namespace {

constexpr int64_t kSequences = 64;  // of a pass: more are no faster on a CPU, and their activations need memory

torch::Tensor amplified(const torch::Tensor& expected, const torch::Tensor& face) {
  return ((expected.to(torch::kFloat32) - face) * 4).clamp(-1, 1);
}

/// Residuals [B, K, V] of the patches `ids` at their places.
torch::Tensor placed(const torch::Tensor& residuals, const torch::Tensor& patches, const torch::Tensor& ids) {
  return at::zeros_like(patches, patches.options().dtype(torch::kFloat32)).index_copy_(1, ids, residuals);
}

/// Masks bool [k, N], each of one block.
torch::Tensor masks_of(const torch::Tensor& blocks, int64_t count) {
  return at::zeros({blocks.size(0), count}, blocks.options().dtype(torch::kBool)).scatter_(1, blocks, true);
}

/// Predictions of the blocks of faces [B, N, V], in one pass: [B, k * n, V].
torch::Tensor restored(MaskedAutoencoder& network, const torch::Tensor& patches, const torch::Tensor& masks,
                       int64_t block) {
  const int64_t faces = patches.size(0), passes = masks.size(0), count = patches.size(1);
  const auto visible = visible_tokens(masks.repeat({faces, 1}), count - block, /*fixed=*/true);
  const auto predicted = network.forward(patches.repeat_interleave(passes, 0), visible);  // [B * k, n, V]
  return predicted.reshape({faces, passes * block, patches.size(2)});
}

}  // namespace

torch::Tensor masked_residuals(MaskedAutoencoder& network, const torch::Tensor& patches, const torch::Tensor& blocks) {
  const torch::NoGradGuard no_grad;
  const auto masks = masks_of(blocks, patches.size(1));
  const auto ids = blocks.flatten();
  auto residuals = at::zeros_like(patches, patches.options().dtype(torch::kFloat32));
  const int64_t faces = std::max<int64_t>(1, kSequences / blocks.size(0));
  for (int64_t first = 0; first < patches.size(0); first += faces) {
    const auto some = patches.narrow(0, first, std::min(faces, patches.size(0) - first));
    const auto expected = restored(network, some, masks, blocks.size(1));
    residuals.narrow(0, first, some.size(0)).index_copy_(1, ids, amplified(expected, some.index_select(1, ids)));
  }
  return residuals;
}

torch::Tensor autoencoder_residuals(MaskedAutoencoder& network, const torch::Tensor& patches,
                                    const torch::Tensor& ids) {
  const torch::NoGradGuard no_grad;
  const auto nothing = at::zeros({patches.size(0), patches.size(1)}, patches.options().dtype(torch::kBool));
  const auto expected = network.forward(patches, visible_tokens(nothing, patches.size(1), /*fixed=*/false));
  return placed(amplified(expected.index_select(1, ids), patches.index_select(1, ids)), patches, ids);
}

torch::Tensor high_pass_residuals(const torch::Tensor& patches, const torch::Tensor& ids, int64_t patch) {
  const torch::NoGradGuard no_grad;
  // Deviation 1.1, which OpenCV takes for five pixels. Each channel by itself.
  const auto offsets = at::tensor({-2.0, -1.0, 0.0, 1.0, 2.0}, patches.options().dtype(torch::kFloat32));
  auto line = (offsets.square() / (-2 * 1.1 * 1.1)).exp();
  line = line / line.sum();
  const auto faces = unpatchify(patches, patch).permute({0, 3, 1, 2}).flatten(0, 1).unsqueeze(1);  // [B * 3, 1, H, W]
  const auto kernel = (line.unsqueeze(1) * line.unsqueeze(0)).view({1, 1, 5, 5});
  const auto blurred = at::conv2d(at::reflection_pad2d(faces, {2, 2, 2, 2}), kernel);
  const auto pictures = blurred.view({patches.size(0), 3, blurred.size(2), blurred.size(3)}).permute({0, 2, 3, 1});
  const auto expected = patchify(pictures, patch);
  return placed(amplified(expected.index_select(1, ids), patches.index_select(1, ids)), patches, ids);
}

}  // namespace realface::models
