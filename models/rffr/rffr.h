#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>
#include <cstdint>
#include <memory>

#include "models/layers/block.h"
#include "models/rffr/config.h"

namespace realface::models {

/// What of a branch's output is classified.
enum class Pool {
  class_token,  // that of the class token
  mean,         // the mean of the patches', with the class token beside them
  first_patch   // that of the first patch, without a class token (F6)
};

/// One branch: a vision transformer that sees some patches of a picture. Names and layout of timm's VisionTransformer
/// without its head: `cls_token`, `pos_embed`, `patch_embed`, `blocks`, `norm`.
class PatchBranch : public torch::nn::Module {
 public:
  explicit PatchBranch(const VitConfig& config);  // unset weights, positions of sines and cosines

  /// patches: [B, N, V]; ids: i64 [K], those that are seen. Returns [B, D], normalised outputs.
  torch::Tensor forward(const torch::Tensor& patches, const torch::Tensor& ids, Pool pool) const;

 private:
  torch::Tensor cls_token_, pos_embed_;
  std::shared_ptr<PatchEmbed> patch_embed_;
  std::shared_ptr<Blocks> blocks_;
  std::shared_ptr<LayerNorm> norm_;
};

/// The detector of RFFR (Shi et al., "Real face foundation representation learning for generalized deepfake
/// detection"): a branch sees the face, another what an autoencoder of real faces makes of it less the face itself
/// (residuals.h), and a linear layer classifies what both say (F3 to F7). Parameters `backbone_1.*` and `backbone_2.*`,
/// of the branches that config.inputs names, and `classifier.{weight,bias}`, as in the published code.
class RffrImpl : public torch::nn::Module {
 public:
  explicit RffrImpl(const RffrConfig& config);  // unset weights
  /// Initialised as facebookresearch/mae's classifier is, every draw keyed by `seed`.
  RffrImpl(const RffrConfig& config, uint64_t seed);

  /// Both [B, N, V] in the order of patchify: the face normalised by ImageNet's statistics, and its residual; what has
  /// no branch may be undefined. ids: i64 [K], the patches that are seen, on the device. Returns logits [B, 2] (G21).
  torch::Tensor forward(const torch::Tensor& originals, const torch::Tensor& residuals, const torch::Tensor& ids) const;

  /// Patches of blocks (block_patches) in the order in which forward takes them: i64 [K]. `blocks`: i64 [k, n]. Every
  /// patch of the picture if config.patches is "whole".
  torch::Tensor seen_patches(const torch::Tensor& blocks) const;

  const RffrConfig& config() const { return config_; }
  /// The branches that there are.
  std::vector<std::shared_ptr<PatchBranch>> branches() const;

 private:
  RffrConfig config_;
  std::shared_ptr<PatchBranch> backbone_1_, backbone_2_;
  std::shared_ptr<Linear> classifier_;
};

}  // namespace realface::models
