#pragma once

#include <torch/types.h>
#include <cstdint>
#include <memory>

#include "models/layers/block.h"
#include "models/mae/masked_autoencoder.h"

namespace realface::models {

/// The masked autoencoder of single pictures: He et al., "Masked autoencoders are scalable vision learners" (CVPR
/// 2022), as in facebookresearch/mae. Parameter names are those of that code, so that its files load and ours load
/// there.
class MaeImpl final : public MaskedAutoencoder {
 public:
  explicit MaeImpl(const MaeConfig& config);  // as make_autoencoder
  MaeImpl(const MaeConfig& config, uint64_t seed);

  torch::Tensor forward(const torch::Tensor& patches, const Visible& visible) override;
  /// Encoder alone: [B, 1+L, D] with the class token first, after the final norm.
  torch::Tensor encode(const torch::Tensor& patches, const Visible& visible);

  static int64_t parameter_count(const MaeConfig& config);  // with both position tables

 private:
  torch::Tensor normalised(const torch::Tensor& tokens) const override;
  void initialise(uint64_t seed);
  torch::Tensor decoder_tokens(const torch::Tensor& encoded, const Visible& visible) const;

  torch::Tensor cls_token_, pos_embed_, mask_token_, decoder_pos_embed_;  // positions are fixed, but are parameters
  std::shared_ptr<PatchEmbed> patch_embed_;
  std::shared_ptr<Blocks> blocks_, decoder_blocks_;
  std::shared_ptr<LayerNorm> norm_, decoder_norm_;
  std::shared_ptr<Linear> decoder_embed_, decoder_pred_;
};

}  // namespace realface::models
