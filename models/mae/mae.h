#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>
#include <cstdint>
#include <memory>
#include <string>

#include "base/settings.h"
#include "models/layers/block.h"

namespace realface::models {

/// He et al., "Masked autoencoders are scalable vision learners" (CVPR 2022), as in facebookresearch/mae. The defaults
/// are ViT-B/16 with a decoder of 8 blocks.
struct MaeConfig {
  std::string size = "base";  // the preset that the numbers below began with
  int64_t image = 224, patch = 16;
  int64_t width = 768, depth = 12, heads = 12;
  int64_t decoder_width = 512, decoder_depth = 8, decoder_heads = 16;
  int64_t mlp_ratio = 4;
  bool norm_pix = false;  // G9: reconstructions must be decodable without the statistics of a forged patch

  int64_t grid() const { return image / patch; }
  int64_t patches() const { return grid() * grid(); }
  int64_t patch_values() const { return patch * patch * 3; }
};

/// The keys of a network. A key that follows `size` begins with that preset's number, so that reading a printed
/// configuration gives the same one.
void fields(Visitor& visitor, MaeConfig& config);

/// Combinations of sizes that no network can have.
void check(const MaeConfig& config, Checker& checker);

/// base | large | huge | small | tiny: the widths and depths of the literature's names. Throws ConfigError for another.
MaeConfig mae_preset(const std::string& size);

/// The visible tokens of a batch, padded to one length L (G7).
struct Visible {
  torch::Tensor ids;     // i64 [B, L] patch ids, ascending; padding repeats id 0
  torch::Tensor valid;   // bool [B, L], or undefined where every entry is valid
  torch::Tensor masked;  // i64 [B, M] masked patch ids where every sample has M of them, else undefined
};

/// From mask bool [B, N], true = masked. `fixed`: all samples have exactly `length` visible tokens; else `length` is at
/// least the most of any sample (more than N counts as N). No host synchronisation.
Visible visible_tokens(const torch::Tensor& mask, int64_t length, bool fixed);

/// [B, H, W, 3] -> [B, N, P*P*3]; the vector index of a patch is (py*P + px)*3 + channel. Any dtype. And back.
torch::Tensor patchify(const torch::Tensor& images, int64_t patch);
torch::Tensor unpatchify(const torch::Tensor& patches, int64_t patch, int64_t channels = 3);

/// Image masked autoencoder. Parameter names are those of facebookresearch/mae, so that its files load and ours load
/// there.
class MaeImpl : public torch::nn::Module {
 public:
  /// Unset weights, for a network whose weights are copied from another: no random number is drawn.
  explicit MaeImpl(const MaeConfig& config);
  /// Initialised as in facebookresearch/mae, every draw keyed by `seed`: the same weights on every rank and machine.
  MaeImpl(const MaeConfig& config, uint64_t seed);

  /// patches: normalised, [B, N, P*P*3]. Returns predictions [B, M, P*P*3] of the masked patches, in the order of
  /// visible.masked; where the number of masked patches varies, of all patches, [B, N, P*P*3].
  torch::Tensor forward(const torch::Tensor& patches, const Visible& visible);

  /// Encoder alone: [B, 1+L, D] with the class token first, after the final norm.
  torch::Tensor encode(const torch::Tensor& patches, const Visible& visible);

  /// Sum over masked patches of the mean squared error over a patch, in fp32: divide by the number of masked patches
  /// over all ranks (G8). target: normalised patches [B, N, P*P*3]; mask bool [B, N]; predictions as forward gives
  /// them.
  torch::Tensor loss_sum(const torch::Tensor& target, const torch::Tensor& predictions, const torch::Tensor& mask,
                         const Visible& visible) const;

  const MaeConfig& config() const { return config_; }
  static int64_t parameter_count(const MaeConfig& config);  // with both position tables

 private:
  void initialise(uint64_t seed);
  torch::Tensor decoder_tokens(const torch::Tensor& encoded, const Visible& visible) const;

  MaeConfig config_;
  torch::Tensor cls_token_, pos_embed_, mask_token_, decoder_pos_embed_;  // positions are fixed, but are parameters
  std::shared_ptr<PatchEmbed> patch_embed_;
  std::shared_ptr<Blocks> blocks_, decoder_blocks_;
  std::shared_ptr<LayerNorm> norm_, decoder_norm_;
  std::shared_ptr<Linear> decoder_embed_, decoder_pred_;
};

}  // namespace realface::models
