#include "models/vit/video_vit.h"

#include <cmath>
#include <string>

#include "models/layers/init.h"
#include "models/layers/kernels.h"

namespace realface::models {

VideoVitImpl::VideoVitImpl(const VitConfig& config)
    : Classifier(config), positions_(config.width, config.cut().tokens()) {
  (void)patch_grid(config.image, config.patch);
  patch_embed_ =
      register_module("patch_embed", std::make_shared<PatchEmbed>(config.tubelet, config.patch, config.width));
  blocks_ = register_module("blocks", std::make_shared<Blocks>(config.depth, config.width, config.heads,
                                                               config.mlp_ratio, QkvBias::queries_and_values));
  fc_norm_ = register_module("fc_norm", std::make_shared<LayerNorm>(config.width));
  head_ = register_module("head", std::make_shared<Linear>(config.width, kClasses));
}

VideoVitImpl::VideoVitImpl(const VitConfig& config, uint64_t seed) : VideoVitImpl(config) { initialise(seed); }

void VideoVitImpl::initialise(uint64_t seed) {
  const torch::NoGradGuard no_grad;
  constexpr double kDeviation = 0.02, kHead = 0.001;  // the head begins with nearly no opinion
  for (auto& item : named_parameters()) {
    const auto& name = item.key();
    if (name.starts_with("patch_embed.")) {
      init_uniform(item.value(), 1.0 / std::sqrt(static_cast<double>(config_.cut().values())), seed, name);
    } else if (item.value().dim() == 2) {
      const double scale = name == "head.weight" ? kHead : 1.0;
      init_truncated_normal(item.value(), kDeviation * scale, kDeviation * scale, seed, name);
    }
  }
}

torch::Tensor VideoVitImpl::features(const torch::Tensor& patches, const torch::Tensor& kept) const {
  const auto dtype = kernels::compute_dtype(head_->parameters().front());
  const auto tokens = patch_embed_->forward(patches.to(dtype));  // [B, N, D]
  const auto out = blocks_->forward(tokens + positions_.all(tokens), {}, 0, kept);
  return fc_norm_->forward(out.mean(1));
}

torch::Tensor VideoVitImpl::classify(const torch::Tensor& features) const { return head_->forward(features); }

}  // namespace realface::models
