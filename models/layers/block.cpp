#include "models/layers/block.h"

#include <ATen/ops/addcmul.h>

#include "base/error.h"
#include "models/layers/kernels.h"

namespace realface::models {
namespace {

/// [B, N, D] -> [B, H, N, D/H], a view.
torch::Tensor by_head(const torch::Tensor& x, int64_t heads) {
  return x.unflatten(-1, {heads, x.size(-1) / heads}).transpose(1, 2);
}

}  // namespace

Attention::Attention(int64_t width, int64_t heads)
    : width_(width),
      heads_(heads),
      qkv_(register_module("qkv", std::make_shared<Linear>(width, 3 * width))),
      proj_(register_module("proj", std::make_shared<Linear>(width, width))) {
  if (heads < 1 || width % heads != 0) {
    throw ConfigError("[model] a width of " + std::to_string(width) + " does not divide into " + std::to_string(heads) +
                      " heads; choose a number of heads that divides it");
  }
}

torch::Tensor Attention::forward(const torch::Tensor& x, const torch::Tensor& key_mask, int64_t first_query) const {
  torch::Tensor q, k, v;
  // Slices of the last dimension stay views, and their gradients join in one copy; a [3, B, H, N, d] layout costs two.
  if (first_query == 0) {
    const auto parts = qkv_->forward(x).chunk(3, -1);
    q = parts[0], k = parts[1], v = parts[2];
  } else {
    const auto parts = qkv_->forward_slice(x, width_, 2 * width_).chunk(2, -1);
    q = qkv_->forward_slice(x.narrow(1, first_query, x.size(1) - first_query), 0, width_);
    k = parts[0], v = parts[1];
  }
  const auto mixed = kernels::attention(by_head(q, heads_), by_head(k, heads_), by_head(v, heads_), key_mask);
  return proj_->forward(mixed.transpose(1, 2).flatten(2));
}

Mlp::Mlp(int64_t width, int64_t hidden)
    : fc1_(register_module("fc1", std::make_shared<Linear>(width, hidden))),
      fc2_(register_module("fc2", std::make_shared<Linear>(hidden, width))) {}

torch::Tensor Mlp::forward(const torch::Tensor& x) const { return fc2_->forward(fc1_->forward_gelu(x)); }

Block::Block(int64_t width, int64_t heads, int64_t mlp_ratio)
    : norm1_(register_module("norm1", std::make_shared<LayerNorm>(width))),
      norm2_(register_module("norm2", std::make_shared<LayerNorm>(width))),
      attn_(register_module("attn", std::make_shared<Attention>(width, heads))),
      mlp_(register_module("mlp", std::make_shared<Mlp>(width, width * mlp_ratio))) {}

torch::Tensor Block::forward(const torch::Tensor& x, const torch::Tensor& key_mask, int64_t first_query,
                             const torch::Tensor& kept) const {
  const auto add = [&](const torch::Tensor& base, const torch::Tensor& branch, int64_t number) {
    return kept.defined() ? at::addcmul(base, branch, kept.select(1, number).view({-1, 1, 1})) : base + branch;
  };
  const auto rows = first_query == 0 ? x : x.narrow(1, first_query, x.size(1) - first_query);
  const auto attended = add(rows, attn_->forward(norm1_->forward(x), key_mask, first_query), 0);
  return add(attended, mlp_->forward(norm2_->forward(attended)), 1);
}

Blocks::Blocks(int64_t depth, int64_t width, int64_t heads, int64_t mlp_ratio) {
  for (int64_t i = 0; i < depth; ++i) {
    blocks_.push_back(register_module(std::to_string(i), std::make_shared<Block>(width, heads, mlp_ratio)));
  }
}

torch::Tensor Blocks::forward(torch::Tensor x, const torch::Tensor& key_mask, int64_t first_query,
                              const torch::Tensor& kept) const {
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const auto own = kept.defined() ? kept.narrow(1, static_cast<int64_t>(2 * i), 2) : kept;
    x = blocks_[i]->forward(x, key_mask, i + 1 == blocks_.size() ? first_query : 0, own);
  }
  return x;
}

int64_t patch_grid(int64_t image, int64_t patch) {
  if (patch < 1 || image % patch != 0) {
    throw ConfigError("[model] images of " + std::to_string(image) + " pixels do not divide into patches of " +
                      std::to_string(patch) + "; choose a patch size that divides the image");
  }
  return image / patch;
}

PatchEmbed::PatchEmbed(int64_t patch, int64_t width) {
  const auto proj = register_module("proj", std::make_shared<torch::nn::Module>("Conv2d"));
  weight_ = proj->register_parameter("weight", torch::zeros({width, 3, patch, patch}));
  bias_ = proj->register_parameter("bias", torch::zeros({width}));
}

torch::Tensor PatchEmbed::forward(const torch::Tensor& patches) const {
  // Patches hold channels last, the convolution's weight has them first.
  const auto weight = widened(weight_, patches.scalar_type()).permute({0, 2, 3, 1}).flatten(1);
  return kernels::linear(patches, weight, widened(bias_, patches.scalar_type()));
}

}  // namespace realface::models
