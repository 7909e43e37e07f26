#pragma once

#include <torch/types.h>
#include <cstdint>
#include <memory>

#include "models/layers/block.h"
#include "models/vit/classifier.h"

namespace realface::models {

/// The classifier of single pictures, as facebookresearch/mae fine-tunes it (models_vit.py with global pooling). Names
/// and layout of timm's VisionTransformer(global_pool="avg"): its files load, and ours load there. The position table
/// begins as sines and cosines and is trained.
class VitImpl final : public Classifier {
 public:
  explicit VitImpl(const VitConfig& config);  // as make_classifier
  VitImpl(const VitConfig& config, uint64_t seed);

  torch::Tensor features(const torch::Tensor& patches, const torch::Tensor& kept = {}) const override;
  torch::Tensor classify(const torch::Tensor& features) const override;

 private:
  void initialise(uint64_t seed);

  torch::Tensor cls_token_, pos_embed_;
  std::shared_ptr<PatchEmbed> patch_embed_;
  std::shared_ptr<Blocks> blocks_;
  std::shared_ptr<LayerNorm> fc_norm_;
  std::shared_ptr<Linear> head_;
};

}  // namespace realface::models
