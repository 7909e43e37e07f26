#include "models/mae/video_mae.h"

#include <ATen/ops/cat.h>
#include <cmath>
#include <string>

#include "models/layers/init.h"
#include "models/layers/kernels.h"

namespace realface::models {

VideoMaeImpl::VideoMaeImpl(const MaeConfig& config)
    : MaskedAutoencoder(config),
      positions_(config.width, config.cut().tokens()),
      decoder_positions_(config.decoder_width, config.cut().tokens()) {
  (void)patch_grid(config.image, config.patch);
  constexpr auto kBias = QkvBias::queries_and_values;
  const int64_t width = config.width, decoder_width = config.decoder_width;
  const auto encoder = register_module("encoder", std::make_shared<torch::nn::Module>("Encoder"));
  patch_embed_ =
      encoder->register_module("patch_embed", std::make_shared<PatchEmbed>(config.tubelet, config.patch, width));
  blocks_ = encoder->register_module(
      "blocks", std::make_shared<Blocks>(config.depth, width, config.heads, config.mlp_ratio, kBias));
  norm_ = encoder->register_module("norm", std::make_shared<LayerNorm>(width));
  encoder_to_decoder_ = register_module("encoder_to_decoder", std::make_shared<Linear>(width, decoder_width, false));
  mask_token_ = register_parameter("mask_token", torch::zeros({1, 1, decoder_width}));
  const auto decoder = register_module("decoder", std::make_shared<torch::nn::Module>("Decoder"));
  decoder_blocks_ = decoder->register_module(
      "blocks",
      std::make_shared<Blocks>(config.decoder_depth, decoder_width, config.decoder_heads, config.mlp_ratio, kBias));
  decoder_norm_ = decoder->register_module("norm", std::make_shared<LayerNorm>(decoder_width));
  head_ = decoder->register_module("head", std::make_shared<Linear>(decoder_width, config.cut().values()));
}

VideoMaeImpl::VideoMaeImpl(const MaeConfig& config, uint64_t seed) : VideoMaeImpl(config) { initialise(seed); }

void VideoMaeImpl::initialise(uint64_t seed) {
  const torch::NoGradGuard no_grad;
  init_truncated_normal(mask_token_, 0.02, 0.02, seed, "mask_token");
  for (auto& item : named_parameters()) {
    const auto& name = item.key();
    auto& value = item.value();
    if (name.starts_with("encoder.patch_embed.")) {
      init_uniform(value, 1.0 / std::sqrt(static_cast<double>(config_.cut().values())), seed, name);
    } else if (name == "encoder_to_decoder.weight") {
      init_uniform(value, 1.0 / std::sqrt(static_cast<double>(config_.width)), seed, name);
    } else if (value.dim() == 2) {
      init_xavier(value, seed, name);  // norms and biases keep their ones and zeros
    }
  }
}

torch::Tensor VideoMaeImpl::encode(const torch::Tensor& patches, const Visible& visible) const {
  const auto seen = gather_rows(patches, visible.ids).to(kernels::compute_dtype(mask_token_));  // [B, L, V]
  const auto tokens = patch_embed_->forward(seen);
  const auto placed = tokens + positions_.rows(visible.ids, tokens);
  return norm_->forward(blocks_->forward_valid(placed, visible.valid, visible.packed));
}

/// With a fixed count, [visible..., masked...]; else in the order of the tokens (as MaeImpl's).
torch::Tensor VideoMaeImpl::decoder_tokens(const torch::Tensor& encoded, const Visible& visible) const {
  const auto tokens = encoder_to_decoder_->forward(encoded);  // [B, L, D]
  if (!visible.masked.defined()) {
    return place_rows(tokens, visible, mask_token_, config_.cut().tokens()) + decoder_positions_.all(tokens);
  }
  const auto masked = widened(mask_token_, tokens.scalar_type()) + decoder_positions_.rows(visible.masked, tokens);
  return at::cat({tokens + decoder_positions_.rows(visible.ids, tokens), masked}, 1);
}

torch::Tensor VideoMaeImpl::forward(const torch::Tensor& patches, const Visible& visible) {
  const auto tokens = decoder_tokens(encode(patches, visible), visible);
  const int64_t first = visible.masked.defined() ? visible.ids.size(1) : 0;
  return head_->forward(decoder_norm_->forward(decoder_blocks_->forward(tokens, {}, first)));
}

torch::Tensor VideoMaeImpl::normalised(const torch::Tensor& tokens) const {
  // The original adds 1e-6 to the deviation of pixels in [0, 1]; these were divided by ImageNet's deviation, 0.226.
  constexpr double kEpsilon = 1e-6 / 0.226;
  const auto pixels = tokens.unflatten(-1, {-1, 3});  // [B, M, pixels, 3]
  const auto deviation = pixels.std(-2, /*unbiased=*/true, /*keepdim=*/true);
  return ((pixels - pixels.mean(-2, /*keepdim=*/true)) / (deviation + kEpsilon)).flatten(-2);
}

}  // namespace realface::models
