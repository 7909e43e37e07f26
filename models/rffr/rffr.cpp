#include "models/rffr/rffr.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "models/layers/init.h"
#include "models/layers/kernels.h"
#include "models/layers/positions.h"
#include "models/vit/classifier.h"

namespace realface::models {
namespace {

void initialise(RffrImpl& network, uint64_t seed) {
  const torch::NoGradGuard no_grad;
  const auto values = static_cast<double>(network.config().vit.cut().values());
  for (auto& item : network.named_parameters()) {
    const auto& name = item.key();
    if (name.ends_with("cls_token")) {
      init_normal(item.value(), 0.02, seed, name);
    } else if (name == "classifier.weight") {
      init_normal(item.value(), 2e-5, seed, name);  // nearly no opinion
    } else if (name.ends_with("patch_embed.proj.bias")) {
      init_uniform(item.value(), 1.0 / std::sqrt(values), seed, name);
    } else if (item.value().dim() >= 2 && !name.ends_with("pos_embed")) {
      init_xavier(item.value(), seed, name);
    }
  }
}

Pool pool_of(const RffrConfig& config) {
  if (config.compat_official) { return Pool::first_patch; }
  return config.pool == "mean" ? Pool::mean : Pool::class_token;
}

}  // namespace

PatchBranch::PatchBranch(const VitConfig& config) {
  cls_token_ = register_parameter("cls_token", at::zeros({1, 1, config.width}));
  pos_embed_ = register_parameter("pos_embed", sincos_positions(config.width, patch_grid(config.image, config.patch)));
  patch_embed_ = register_module("patch_embed", std::make_shared<PatchEmbed>(config.patch, config.width));
  blocks_ =
      register_module("blocks", std::make_shared<Blocks>(config.depth, config.width, config.heads, config.mlp_ratio));
  norm_ = register_module("norm", std::make_shared<LayerNorm>(config.width));
}

/// A single token that is read stands last: the last block then computes nothing of the others but keys and values.
torch::Tensor PatchBranch::forward(const torch::Tensor& patches, const torch::Tensor& ids, Pool pool) const {
  const int64_t batch = patches.size(0), count = ids.size(0);
  const auto dtype = kernels::compute_dtype(cls_token_);
  const auto positions = widened(pos_embed_, dtype);  // [1, 1+N, D]
  const auto seen =
      patch_embed_->forward(patches.index_select(1, ids).to(dtype)) + positions.index_select(1, ids + 1);  // [B, K, D]
  torch::Tensor tokens;
  if (pool == Pool::first_patch) {
    tokens = at::cat({seen.narrow(1, 1, count - 1), seen.narrow(1, 0, 1)}, 1);
  } else {
    const auto cls = widened(cls_token_, dtype) + positions.narrow(1, 0, 1);
    tokens = at::cat({seen, cls.expand({batch, 1, cls.size(2)})}, 1);
  }
  if (pool == Pool::mean) { return norm_->forward(blocks_->forward(tokens, {})).narrow(1, 0, count).mean(1); }
  return norm_->forward(blocks_->forward(tokens, {}, /*first_query=*/tokens.size(1) - 1)).squeeze(1);
}

RffrImpl::RffrImpl(const RffrConfig& config) : config_(config) {
  if (config.has_original()) { backbone_1_ = register_module("backbone_1", std::make_shared<PatchBranch>(config.vit)); }
  if (config.has_residual()) { backbone_2_ = register_module("backbone_2", std::make_shared<PatchBranch>(config.vit)); }
  const auto features = static_cast<int64_t>(branches().size()) * config.vit.width;
  classifier_ = register_module("classifier", std::make_shared<Linear>(features, Classifier::kClasses));
}

RffrImpl::RffrImpl(const RffrConfig& config, uint64_t seed) : RffrImpl(config) { initialise(*this, seed); }

std::vector<std::shared_ptr<PatchBranch>> RffrImpl::branches() const {
  std::vector<std::shared_ptr<PatchBranch>> all;
  for (const auto& branch : {backbone_1_, backbone_2_}) {
    if (branch != nullptr) { all.push_back(branch); }
  }
  return all;
}

torch::Tensor RffrImpl::forward(const torch::Tensor& originals, const torch::Tensor& residuals,
                                const torch::Tensor& ids) const {
  const bool official = config_.compat_official;
  const Pool pool = pool_of(config_);
  std::vector<torch::Tensor> features;
  if (backbone_1_ != nullptr) { features.push_back(backbone_1_->forward(originals, ids, pool)); }
  // The published code adds one to the same ids for each branch in turn.
  if (backbone_2_ != nullptr) { features.push_back(backbone_2_->forward(residuals, official ? ids + 1 : ids, pool)); }
  return classifier_->forward(at::cat(features, 1));
}

torch::Tensor RffrImpl::seen_patches(const torch::Tensor& blocks) const {
  return config_.patches == "whole" ? at::arange(config_.vit.cut().places(), blocks.options()) : blocks.flatten();
}

}  // namespace realface::models
