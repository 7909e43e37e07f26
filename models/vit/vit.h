#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>
#include <cstdint>
#include <memory>
#include <string>

#include "base/settings.h"
#include "models/layers/block.h"

namespace realface::models {

/// A vision transformer that classifies, with the encoder of a masked autoencoder (facebookresearch/mae, models_vit.py
/// with global pooling). The defaults are ViT-B/16.
struct VitConfig {
  std::string size = "base";  // the preset that the numbers below began with, of an autoencoder's encoder
  int64_t image = 224, patch = 16;
  int64_t width = 768, depth = 12, heads = 12, mlp_ratio = 4;
};

/// A key that follows `size` begins with that preset's number.
void fields(Visitor& visitor, VitConfig& config);
void check(const VitConfig& config, Checker& checker);

/// Names and layout of timm's VisionTransformer(global_pool="avg"): its files load, and ours load there. The position
/// table begins as sines and cosines and is trained.
class VitImpl : public torch::nn::Module {
 public:
  static constexpr int64_t kClasses = 2;  // real, fake (G21)

  explicit VitImpl(const VitConfig& config);  // unset weights
  VitImpl(const VitConfig& config, uint64_t seed);

  /// patches: normalised, [B, N, P*P*3]. `kept` [B, 2 * depth]: what each residual branch of each sample is multiplied
  /// by (drop path: Huang et al., "Deep networks with stochastic depth", ECCV 2016): attention and MLP of block 0, of
  /// block 1 and so on; undefined: all are kept. Returns [B, D]: patch tokens averaged, then normalised.
  torch::Tensor features(const torch::Tensor& patches, const torch::Tensor& kept = {}) const;
  torch::Tensor classify(const torch::Tensor& features) const;  // [..., D] -> logits [..., 2]

  const VitConfig& config() const { return config_; }

 private:
  void initialise(uint64_t seed);

  VitConfig config_;
  torch::Tensor cls_token_, pos_embed_;
  std::shared_ptr<PatchEmbed> patch_embed_;
  std::shared_ptr<Blocks> blocks_;
  std::shared_ptr<LayerNorm> fc_norm_;
  std::shared_ptr<Linear> head_;
};

}  // namespace realface::models
