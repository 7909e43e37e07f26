#pragma once

#include <torch/types.h>
#include <cstdint>
#include <memory>

#include "models/layers/block.h"
#include "models/layers/positions.h"
#include "models/vit/classifier.h"

namespace realface::models {

/// The classifier of clips, as MCG-NJU/VideoMAE fine-tunes it (modeling_finetune.py with mean pooling): no class token,
/// a fixed position table. Parameter names are those of that code.
class VideoVitImpl final : public Classifier {
 public:
  explicit VideoVitImpl(const VitConfig& config);  // as make_classifier
  VideoVitImpl(const VitConfig& config, uint64_t seed);

  torch::Tensor features(const torch::Tensor& patches, const torch::Tensor& kept = {}) const override;
  torch::Tensor classify(const torch::Tensor& features) const override;

 private:
  void initialise(uint64_t seed);

  FixedPositions positions_;
  std::shared_ptr<PatchEmbed> patch_embed_;
  std::shared_ptr<Blocks> blocks_;
  std::shared_ptr<LayerNorm> fc_norm_;
  std::shared_ptr<Linear> head_;
};

}  // namespace realface::models
