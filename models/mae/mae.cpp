#include "models/mae/mae.h"

#include <ATen/ops/embedding.h>
#include <cmath>

#include "models/layers/init.h"
#include "models/layers/kernels.h"
#include "models/layers/positions.h"

namespace realface::models {
namespace {

/// Rows of a table [1, 1 + N, D] for the class token (row 0) and the patches `ids` [B, L] -> [B, L, D].
torch::Tensor patch_positions(const torch::Tensor& table, const torch::Tensor& ids) {
  return at::embedding(table.squeeze(0), ids + 1);
}

int64_t block_parameters(int64_t width, int64_t mlp_ratio) {
  const int64_t norms = 4 * width;
  const int64_t attention = 4 * width * width + 4 * width;
  const int64_t mlp = 2 * mlp_ratio * width * width + (mlp_ratio + 1) * width;
  return norms + attention + mlp;
}

}  // namespace

MaeImpl::MaeImpl(const MaeConfig& config) : MaskedAutoencoder(config) {
  const int64_t grid = patch_grid(config.image, config.patch);
  const int64_t width = config.width;
  const int64_t decoder_width = config.decoder_width;
  cls_token_ = register_parameter("cls_token", torch::zeros({1, 1, width}));
  pos_embed_ = register_parameter("pos_embed", sincos_positions(width, grid), /*requires_grad=*/false);
  mask_token_ = register_parameter("mask_token", torch::zeros({1, 1, decoder_width}));
  decoder_pos_embed_ = register_parameter("decoder_pos_embed", sincos_positions(decoder_width, grid), false);
  patch_embed_ = register_module("patch_embed", std::make_shared<PatchEmbed>(config.patch, width));
  blocks_ = register_module("blocks", std::make_shared<Blocks>(config.depth, width, config.heads, config.mlp_ratio));
  norm_ = register_module("norm", std::make_shared<LayerNorm>(width));
  decoder_embed_ = register_module("decoder_embed", std::make_shared<Linear>(width, decoder_width));
  decoder_blocks_ = register_module("decoder_blocks", std::make_shared<Blocks>(config.decoder_depth, decoder_width,
                                                                               config.decoder_heads, config.mlp_ratio));
  decoder_norm_ = register_module("decoder_norm", std::make_shared<LayerNorm>(decoder_width));
  decoder_pred_ = register_module("decoder_pred", std::make_shared<Linear>(decoder_width, config.cut().values()));
}

MaeImpl::MaeImpl(const MaeConfig& config, uint64_t seed) : MaeImpl(config) { initialise(seed); }

void MaeImpl::initialise(uint64_t seed) {
  const torch::NoGradGuard no_grad;
  init_normal(cls_token_, 0.02, seed, "cls_token");
  init_normal(mask_token_, 0.02, seed, "mask_token");
  for (auto& item : named_parameters()) {
    const bool table = item.key() == "pos_embed" || item.key() == "decoder_pos_embed";
    // Weights of linear layers and of the embedding; norms and biases keep their ones and zeros.
    if (item.value().dim() >= 2 && item.value().size(0) > 1 && !table) { init_xavier(item.value(), seed, item.key()); }
  }
  const std::string bias = "patch_embed.proj.bias";
  init_uniform(named_parameters()[bias], 1.0 / std::sqrt(static_cast<double>(config_.cut().values())), seed, bias);
}

torch::Tensor MaeImpl::encode(const torch::Tensor& patches, const Visible& visible) {
  const int64_t batch = patches.size(0);
  const auto seen = gather_rows(patches, visible.ids).to(kernels::compute_dtype(cls_token_));  // [B, L, P*P*3]
  const auto tokens = patch_embed_->forward(seen) + patch_positions(pos_embed_, visible.ids);  // [B, L, D]
  const auto cls = (cls_token_ + pos_embed_.narrow(1, 0, 1)).expand({batch, 1, config_.width});
  torch::Tensor valid = visible.valid;
  if (valid.defined()) { valid = torch::cat({valid.new_ones({batch, 1}), valid}, 1); }
  const int64_t packed = visible.packed == 0 ? 0 : visible.packed + batch;
  return norm_->forward(blocks_->forward_valid(torch::cat({cls, tokens}, 1), valid, packed));
}

/// With a fixed count, [class, visible..., masked...]: attention does not care for the order, so nothing is put back
/// into place. Else [class, patch 0, 1, ...], mask tokens wherever no valid output belongs.
torch::Tensor MaeImpl::decoder_tokens(const torch::Tensor& encoded, const Visible& visible) const {
  const int64_t batch = encoded.size(0);
  const int64_t width = config_.decoder_width;
  const auto tokens = decoder_embed_->forward(encoded);  // [B, 1+L, D]
  if (visible.masked.defined()) {
    const auto cls_position = decoder_pos_embed_.narrow(1, 0, 1).expand({batch, 1, width});
    const auto seen = tokens + torch::cat({cls_position, patch_positions(decoder_pos_embed_, visible.ids)}, 1);
    return torch::cat({seen, mask_token_ + patch_positions(decoder_pos_embed_, visible.masked)}, 1);
  }
  const auto placed =
      place_rows(tokens.narrow(1, 1, visible.ids.size(1)), visible, mask_token_, config_.cut().tokens());
  return torch::cat({tokens.narrow(1, 0, 1), placed}, 1) + decoder_pos_embed_;
}

torch::Tensor MaeImpl::forward(const torch::Tensor& patches, const Visible& visible) {
  const auto tokens = decoder_tokens(encode(patches, visible), visible);
  // The loss reads masked rows only: with a fixed count they are the last ones, else all patches but the class token.
  const int64_t first = visible.masked.defined() ? 1 + visible.ids.size(1) : 1;
  return decoder_pred_->forward(decoder_norm_->forward(decoder_blocks_->forward(tokens, {}, first)));
}

torch::Tensor MaeImpl::normalised(const torch::Tensor& tokens) const {
  const auto mean = tokens.mean(-1, /*keepdim=*/true);
  return (tokens - mean) / (tokens.var(-1, /*unbiased=*/true, /*keepdim=*/true) + 1e-6).sqrt();
}

int64_t MaeImpl::parameter_count(const MaeConfig& config) {
  const int64_t width = config.width;
  const int64_t decoder_width = config.decoder_width;
  const int64_t values = config.cut().values();
  const int64_t tables = (config.cut().tokens() + 1) * (width + decoder_width);
  const int64_t tokens_and_norms = 3 * width + 3 * decoder_width;
  const int64_t linears = (values + 1) * width + (width + 1) * decoder_width + (decoder_width + 1) * values;
  return tables + tokens_and_norms + linears + config.depth * block_parameters(width, config.mlp_ratio) +
         config.decoder_depth * block_parameters(decoder_width, config.mlp_ratio);
}

}  // namespace realface::models
