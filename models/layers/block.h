#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>
#include <memory>
#include <vector>

#include "models/layers/linear.h"
#include "models/layers/packing.h"

/// The vision transformer's parts (Dosovitskiy et al., "An image is worth 16x16 words", ICLR 2021), as timm and
/// facebookresearch/mae name and order them: pre-norm blocks, fused qkv, exact GELU, layer norms of eps 1e-6.
///
/// Shapes: B samples, N tokens, D width, P patch side.
namespace realface::models {

/// Which of the three projections of an attention have biases: all, in `qkv.bias`, or queries and values, as VideoMAE
/// has them in `q_bias` and `v_bias`.
enum class QkvBias { all, queries_and_values };

/// Softmax attention over all tokens. Parameters `qkv` [3D, D] and `proj` [D, D].
class Attention : public torch::nn::Module {
 public:
  Attention(int64_t width, int64_t heads, QkvBias bias = QkvBias::all);
  /// x [B, N, D]. `key_mask` bool [B, 1, 1, N], true = attend to it, or undefined for all. Rows before `first_query`
  /// are keys and values only: returns [B, N - first_query, D].
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& key_mask = {}, int64_t first_query = 0) const;
  /// x and the result [S, D].
  torch::Tensor forward_packed(const torch::Tensor& x, const Packing& packing) const;

 private:
  torch::Tensor qkv_bias() const;

  int64_t width_, heads_;
  torch::Tensor q_bias_, v_bias_;
  std::shared_ptr<Linear> qkv_, proj_;
};

/// fc2(GELU(fc1(x))), GELU by the error function.
class Mlp : public torch::nn::Module {
 public:
  Mlp(int64_t width, int64_t hidden);
  torch::Tensor forward(const torch::Tensor& x) const;

 private:
  std::shared_ptr<Linear> fc1_, fc2_;
};

/// x + attn(norm1(x)), then x + mlp(norm2(x)). Arguments as those of Attention, and `kept` [B, 2] or undefined: what
/// the two additions of each sample are multiplied by, 0 or the same factor for all samples.
class Block : public torch::nn::Module {
 public:
  Block(int64_t width, int64_t heads, int64_t mlp_ratio, QkvBias bias = QkvBias::all);
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& key_mask = {}, int64_t first_query = 0,
                        const torch::Tensor& kept = {}) const;
  torch::Tensor forward_packed(const torch::Tensor& x, const Packing& packing) const;  // [S, D]

 private:
  std::shared_ptr<LayerNorm> norm1_, norm2_;
  std::shared_ptr<Attention> attn_;
  std::shared_ptr<Mlp> mlp_;
};

/// Blocks one after another, named "0", "1", ...
class Blocks : public torch::nn::Module {
 public:
  Blocks(int64_t depth, int64_t width, int64_t heads, int64_t mlp_ratio, QkvBias bias = QkvBias::all);
  /// The last block alone drops the rows before `first_query` of its output: earlier ones still feed it. `kept`
  /// [B, 2 * depth]: those of each block in turn.
  torch::Tensor forward(torch::Tensor x, const torch::Tensor& key_mask = {}, int64_t first_query = 0,
                        const torch::Tensor& kept = {}) const;
  /// x [B, N, D] of which only the rows `valid` bool [B, N] count, or all if it is undefined; the others of the result
  /// mean nothing. `packed`: 0, or the number of valid rows, which alone are computed then (packing_of).
  torch::Tensor forward_valid(const torch::Tensor& x, const torch::Tensor& valid, int64_t packed) const;

 private:
  std::vector<std::shared_ptr<Block>> blocks_;
};

/// Patches a side. Throws ConfigError unless the patch divides the image.
int64_t patch_grid(int64_t image, int64_t patch);

/// The patch embedding: parameters of a convolution `proj` ([D, 3, P, P] and [D]; of tubelets of t frames [D, 3, t, P,
/// P]), applied as a linear map to patches that were cut already, so that only visible ones are embedded.
class PatchEmbed : public torch::nn::Module {
 public:
  PatchEmbed(int64_t patch, int64_t width);
  PatchEmbed(int64_t tubelet, int64_t patch, int64_t width);
  /// [B, L, V], in the order of patchify or tubify -> [B, L, D].
  torch::Tensor forward(const torch::Tensor& patches) const;

 private:
  PatchEmbed(const std::vector<int64_t>& shape, int64_t width);

  torch::Tensor weight_, bias_;
};

}  // namespace realface::models
