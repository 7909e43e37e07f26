#include "models/vit/vit.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>
#include <cmath>

#include "models/layers/init.h"
#include "models/layers/kernels.h"
#include "models/layers/positions.h"

namespace realface::models {

VitImpl::VitImpl(const VitConfig& config) : Classifier(config) {
  const int64_t grid = patch_grid(config.image, config.patch);
  cls_token_ = register_parameter("cls_token", at::zeros({1, 1, config.width}));
  pos_embed_ = register_parameter("pos_embed", sincos_positions(config.width, grid));
  patch_embed_ = register_module("patch_embed", std::make_shared<PatchEmbed>(config.patch, config.width));
  blocks_ =
      register_module("blocks", std::make_shared<Blocks>(config.depth, config.width, config.heads, config.mlp_ratio));
  fc_norm_ = register_module("fc_norm", std::make_shared<LayerNorm>(config.width));
  head_ = register_module("head", std::make_shared<Linear>(config.width, kClasses));
}

VitImpl::VitImpl(const VitConfig& config, uint64_t seed) : VitImpl(config) { initialise(seed); }

void VitImpl::initialise(uint64_t seed) {
  const torch::NoGradGuard no_grad;
  for (auto& item : named_parameters()) {
    const auto& name = item.key();
    if (name == "cls_token") {
      init_normal(item.value(), 0.02, seed, name);
    } else if (name == "head.weight") {
      init_normal(item.value(), 2e-5, seed, name);  // nearly no opinion: facebookresearch/mae
    } else if (name == "patch_embed.proj.bias") {
      const auto inputs = static_cast<double>(config_.patch * config_.patch * 3);
      init_uniform(item.value(), 1.0 / std::sqrt(inputs), seed, name);
    } else if (item.value().dim() >= 2 && name != "pos_embed") {
      init_xavier(item.value(), seed, name);
    }
  }
}

torch::Tensor VitImpl::features(const torch::Tensor& patches, const torch::Tensor& kept) const {
  const int64_t batch = patches.size(0);
  const auto seen = patch_embed_->forward(patches.to(kernels::compute_dtype(cls_token_)));  // [B, N, D]
  const auto cls = widened(cls_token_, seen.scalar_type()).expand({batch, 1, config_.width});
  const auto tokens = at::cat({cls, seen}, 1) + widened(pos_embed_, seen.scalar_type());
  const auto out = blocks_->forward(tokens, {}, /*first_query=*/1, kept);  // the class token's output is not read
  return fc_norm_->forward(out.mean(1));
}

torch::Tensor VitImpl::classify(const torch::Tensor& features) const { return head_->forward(features); }

}  // namespace realface::models
