#pragma once

#include <torch/types.h>
#include <cstdint>
#include <memory>

#include "models/layers/block.h"
#include "models/layers/positions.h"
#include "models/mae/masked_autoencoder.h"

namespace realface::models {

/// The masked autoencoder of clips: Tong et al., "VideoMAE: Masked autoencoders are data-efficient learners for
/// self-supervised video pre-training" (NeurIPS 2022), as in MCG-NJU/VideoMAE. Tokens are tubelets; each attends to all
/// others of its clip, in space and time. There is no class token. Parameter names are those of that code.
class VideoMaeImpl final : public MaskedAutoencoder {
 public:
  explicit VideoMaeImpl(const MaeConfig& config);  // as make_autoencoder
  VideoMaeImpl(const MaeConfig& config, uint64_t seed);

  torch::Tensor forward(const torch::Tensor& patches, const Visible& visible) override;
  /// Encoder alone: [B, L, D], after the final norm.
  torch::Tensor encode(const torch::Tensor& patches, const Visible& visible) const;

 private:
  /// Each pixel's channel by itself, over the pixels of a token.
  torch::Tensor normalised(const torch::Tensor& tokens) const override;
  void initialise(uint64_t seed);
  torch::Tensor decoder_tokens(const torch::Tensor& encoded, const Visible& visible) const;

  FixedPositions positions_, decoder_positions_;
  torch::Tensor mask_token_;
  std::shared_ptr<PatchEmbed> patch_embed_;
  std::shared_ptr<Blocks> blocks_, decoder_blocks_;
  std::shared_ptr<LayerNorm> norm_, decoder_norm_;
  std::shared_ptr<Linear> encoder_to_decoder_, head_;
};

}  // namespace realface::models
