#include "models/layers/block.h"

#include <ATen/ops/add.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/index_add.h>
#include <ATen/ops/zeros_like.h>

#include "base/error.h"
#include "models/layers/kernels.h"

namespace realface::models {
namespace {

/// [B, N, D] -> [B, H, N, D/H], a view.
torch::Tensor by_head(const torch::Tensor& x, int64_t heads) {
  return x.unflatten(-1, {heads, x.size(-1) / heads}).transpose(1, 2);
}

/// base + kept * branch(x, mask), sample by sample (all as Block::forward has them). On the CPU samples whose branch is
/// dropped are not computed (Oquab et al., "DINOv2", 2023); there a look at `kept` waits for nothing.
template <class Branch>
torch::Tensor with_branch(const torch::Tensor& base, const torch::Tensor& x, const torch::Tensor& mask,
                          const torch::Tensor& kept, const Branch& branch) {
  if (!kept.defined()) { return base + branch(x, mask); }
  if (!kept.is_cpu()) { return at::addcmul(base, branch(x, mask), kept.view({-1, 1, 1})); }
  const auto samples = kept.nonzero().squeeze(1);
  if (samples.numel() == 0) { return base; }
  const auto factor = kept.max().item();
  if (samples.numel() == kept.numel()) { return at::add(base, branch(x, mask), factor); }
  const auto of_samples = mask.defined() ? mask.index_select(0, samples) : mask;
  return at::index_add(base, 0, samples, branch(x.index_select(0, samples), of_samples), factor);
}

}  // namespace

Attention::Attention(int64_t width, int64_t heads, QkvBias bias)
    : width_(width),
      heads_(heads),
      qkv_(register_module("qkv", std::make_shared<Linear>(width, 3 * width, bias == QkvBias::all))),
      proj_(register_module("proj", std::make_shared<Linear>(width, width))) {
  if (bias == QkvBias::queries_and_values) {
    q_bias_ = register_parameter("q_bias", torch::zeros({width}));
    v_bias_ = register_parameter("v_bias", torch::zeros({width}));
  }
  if (heads < 1 || width % heads != 0) {
    throw ConfigError("[model] a width of " + std::to_string(width) + " does not divide into " + std::to_string(heads) +
                      " heads; choose a number of heads that divides it");
  }
}

/// [3D]; undefined if the layer `qkv` has its own.
torch::Tensor Attention::qkv_bias() const {
  if (!q_bias_.defined()) { return {}; }
  // A bias of the keys would change nothing: it adds the same to all scores of a query.
  return at::cat({q_bias_, at::zeros_like(q_bias_), v_bias_});
}

torch::Tensor Attention::forward(const torch::Tensor& x, const torch::Tensor& key_mask, int64_t first_query) const {
  torch::Tensor q, k, v;
  const auto bias = qkv_bias();
  // Slices of the last dimension stay views, and their gradients join in one copy; a [3, B, H, N, d] layout costs two.
  if (first_query == 0) {
    const auto parts = qkv_->forward_slice(x, 0, 3 * width_, bias).chunk(3, -1);
    q = parts[0], k = parts[1], v = parts[2];
  } else {
    const auto parts = qkv_->forward_slice(x, width_, 2 * width_, bias).chunk(2, -1);
    q = qkv_->forward_slice(x.narrow(1, first_query, x.size(1) - first_query), 0, width_, bias);
    k = parts[0], v = parts[1];
  }
  const auto mixed = kernels::attention(by_head(q, heads_), by_head(k, heads_), by_head(v, heads_), key_mask);
  return proj_->forward(mixed.transpose(1, 2).flatten(2));
}

torch::Tensor Attention::forward_packed(const torch::Tensor& x, const Packing& packing) const {
  const auto parts = qkv_->forward_slice(x, 0, 3 * width_, qkv_bias()).chunk(3, -1);
  const auto heads = [&](const torch::Tensor& part) { return part.unflatten(-1, {heads_, width_ / heads_}); };
  return proj_->forward(
      kernels::packed_attention(heads(parts[0]), heads(parts[1]), heads(parts[2]), packing).flatten(1));
}

Mlp::Mlp(int64_t width, int64_t hidden)
    : fc1_(register_module("fc1", std::make_shared<Linear>(width, hidden))),
      fc2_(register_module("fc2", std::make_shared<Linear>(hidden, width))) {}

torch::Tensor Mlp::forward(const torch::Tensor& x) const { return fc2_->forward(fc1_->forward_gelu(x)); }

Block::Block(int64_t width, int64_t heads, int64_t mlp_ratio, QkvBias bias)
    : norm1_(register_module("norm1", std::make_shared<LayerNorm>(width))),
      norm2_(register_module("norm2", std::make_shared<LayerNorm>(width))),
      attn_(register_module("attn", std::make_shared<Attention>(width, heads, bias))),
      mlp_(register_module("mlp", std::make_shared<Mlp>(width, width * mlp_ratio))) {}

torch::Tensor Block::forward(const torch::Tensor& x, const torch::Tensor& key_mask, int64_t first_query,
                             const torch::Tensor& kept) const {
  const auto own = [&](int64_t number) { return kept.defined() ? kept.select(1, number) : kept; };
  const auto attention = [&](const torch::Tensor& in, const torch::Tensor& mask) {
    return attn_->forward(norm1_->forward(in), mask, first_query);
  };
  const auto mlp = [&](const torch::Tensor& in, const torch::Tensor&) { return mlp_->forward(norm2_->forward(in)); };
  const auto rows = first_query == 0 ? x : x.narrow(1, first_query, x.size(1) - first_query);
  const auto attended = with_branch(rows, x, key_mask, own(0), attention);
  return with_branch(attended, attended, {}, own(1), mlp);
}

torch::Tensor Block::forward_packed(const torch::Tensor& x, const Packing& packing) const {
  const auto attended = x + attn_->forward_packed(norm1_->forward(x), packing);
  return attended + mlp_->forward(norm2_->forward(attended));
}

Blocks::Blocks(int64_t depth, int64_t width, int64_t heads, int64_t mlp_ratio, QkvBias bias) {
  for (int64_t i = 0; i < depth; ++i) {
    blocks_.push_back(register_module(std::to_string(i), std::make_shared<Block>(width, heads, mlp_ratio, bias)));
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

torch::Tensor Blocks::forward_valid(const torch::Tensor& x, const torch::Tensor& valid, int64_t packed) const {
  if (!valid.defined()) { return forward(x); }
  if (packed == 0) { return forward(x, valid.unsqueeze(1).unsqueeze(1)); }
  const auto packing = packing_of(valid, packed);
  auto rows = models::packed(x, packing);
  for (const auto& block : blocks_) { rows = block->forward_packed(rows, packing); }
  return unpacked(rows, packing, x.size(0), x.size(1));
}

int64_t patch_grid(int64_t image, int64_t patch) {
  if (patch < 1 || image % patch != 0) {
    throw ConfigError("[model] images of " + std::to_string(image) + " pixels do not divide into patches of " +
                      std::to_string(patch) + "; choose a patch size that divides the image");
  }
  return image / patch;
}

PatchEmbed::PatchEmbed(int64_t patch, int64_t width) : PatchEmbed({width, 3, patch, patch}, width) {}

PatchEmbed::PatchEmbed(int64_t tubelet, int64_t patch, int64_t width)
    : PatchEmbed({width, 3, tubelet, patch, patch}, width) {}

PatchEmbed::PatchEmbed(const std::vector<int64_t>& shape, int64_t width) {
  const auto proj = register_module("proj", std::make_shared<torch::nn::Module>("Convolution"));
  weight_ = proj->register_parameter("weight", torch::zeros(shape));
  bias_ = proj->register_parameter("bias", torch::zeros({width}));
}

torch::Tensor PatchEmbed::forward(const torch::Tensor& patches) const {
  // Patches hold channels last, the convolution's weight has them first.
  const auto weight = widened(weight_, patches.scalar_type()).flatten(2).transpose(1, 2).flatten(1);
  return kernels::linear(patches, weight, widened(bias_, patches.scalar_type()));
}

}  // namespace realface::models
