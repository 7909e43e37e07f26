#include "models/layers/attention_by_products.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_softmax_backward_data.h>
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/softmax.h>
#include <torch/csrc/autograd/custom_function.h>
#include <algorithm>
#include <cmath>
#include <limits>

#include "models/layers/onednn_linear.h"

namespace realface::models::kernels {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext, torch::autograd::variable_list;

/// Weights that are computed at once, at most: 1 MB of fp32, so that they stay in the second cache. Measured on Zen 5,
/// bf16: 5 to 9 % less time than with eight times as many.
constexpr int64_t kWeightsAtOnce = 1 << 18;
/// Weights that the backward finds kept, at most, in every block: 64 MB of fp32. It computes more of them again.
constexpr int64_t kWeightsKept = 1 << 24;
/// Keys up to which weights are not rounded before they mix values: there the fused kernel rounds less, too.
constexpr int64_t kFewKeys = 64;

/// Some of the rows, each a sample's head: q and its like [R, Q, d], k and v [R, N, d], hidden bool [R, 1, N].
struct Chunk {
  int64_t first, count;
  Tensor of(const Tensor& rows) const { return rows.defined() ? rows.narrow(0, first, count) : rows; }
};

bool row_by_row(const Tensor& q, const Tensor& k) {
  return q.scalar_type() == torch::kFloat32 && q.size(1) * k.size(1) >= kLargeRow && !at::GradMode::is_enabled();
}

std::vector<Chunk> chunks_of(const Tensor& q, const Tensor& k) {
  const int64_t rows = q.size(0), own = q.size(1) * k.size(1);
  // oneDNN is called for one row at a time, and finds it in the cache then.
  const int64_t most = row_by_row(q, k) ? 1 : std::max<int64_t>(1, kWeightsAtOnce / own);
  std::vector<Chunk> chunks;
  for (int64_t first = 0; first < rows; first += most) { chunks.push_back({first, std::min(most, rows - first)}); }
  return chunks;
}

/// The products of a chunk's rows; of one row, if by oneDNN.
struct Products {
  bool onednn;

  /// a b^T
  Tensor with_transposed(const Tensor& a, const Tensor& b) const {
    return onednn ? onednn_product(a[0], b[0]).unsqueeze(0) : at::bmm(a, b.transpose(1, 2));
  }
  /// a b
  Tensor plain(const Tensor& a, const Tensor& b) const {
    return onednn ? onednn_product(a[0], b[0].t()).unsqueeze(0) : at::bmm(a, b);
  }
  /// a^T b, with the large a on the side that oneDNN reads as it lies.
  Tensor of_transposed(const Tensor& a, const Tensor& b) const {
    return onednn ? onednn_product(b[0].t(), a[0].t()).t().unsqueeze(0) : at::bmm(a.transpose(1, 2), b);
  }
};

double scale_of(const Tensor& q) { return 1.0 / std::sqrt(static_cast<double>(q.size(-1))); }

/// fp32 q k^T.
Tensor scores_of(const Products& products, const Tensor& q, const Tensor& k) {
  const auto scores = products.with_transposed(q, k);
  if (scores.scalar_type() != torch::kBFloat16) { return scores; }
  // A product in bf16 is rounded when it is stored; the second one adds before it is, and so holds what was lost.
  return scores.to(torch::kFloat32).sub_(at::baddbmm(scores, q, k.transpose(1, 2), /*beta=*/1, /*alpha=*/-1));
}

/// fp32 [R, Q, N].
Tensor weights_of(const Products& products, const Tensor& q, const Tensor& k, const Tensor& hidden) {
  auto scores = scores_of(products, q, k).mul_(scale_of(q));
  if (hidden.defined()) { scores = scores.masked_fill(hidden, -std::numeric_limits<float>::infinity()); }
  return at::softmax(scores, -1);
}

Tensor mixed(const Products& products, const Tensor& weights, const Tensor& v) {
  if (v.size(1) <= kFewKeys) { return products.plain(weights, v.to(torch::kFloat32)).to(v.scalar_type()); }
  return products.plain(weights.to(v.scalar_type()), v);
}

/// The gradients of q, k and v.
std::array<Tensor, 3> gradients_of(const Products& products, const Tensor& q, const Tensor& k, const Tensor& v,
                                   const Tensor& weights, const Tensor& of_mixed) {
  const auto type = q.scalar_type();
  const auto of_v = products.of_transposed(weights.to(type), of_mixed);
  const auto of_weights = products.with_transposed(of_mixed, v).to(torch::kFloat32);
  const auto of_scaled = at::_softmax_backward_data(of_weights, weights, -1, torch::kFloat32);
  const auto of_scores = of_scaled.mul_(scale_of(q)).to(type);
  return {products.plain(of_scores, k), products.of_transposed(of_scores, q), of_v};
}

Tensor joined(const std::vector<Tensor>& parts) { return parts.size() == 1 ? parts.front() : at::cat(parts); }

class AttentionByProducts : public torch::autograd::Function<AttentionByProducts> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& q, const Tensor& k, const Tensor& v,
                        const std::optional<Tensor>& key_hidden) {
    const auto hidden = key_hidden.value_or(Tensor());
    const bool keeps = q.size(0) * q.size(1) * k.size(1) <= kWeightsKept;
    variable_list saved = {q, k, v, hidden};
    const Products products{row_by_row(q, k)};
    std::vector<Tensor> parts;
    for (const auto& chunk : chunks_of(q, k)) {
      const auto weights = weights_of(products, chunk.of(q), chunk.of(k), chunk.of(hidden));
      parts.push_back(mixed(products, weights, chunk.of(v)));
      if (keeps) { saved.push_back(weights); }
    }
    context->save_for_backward(std::move(saved));
    return joined(parts);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &q = saved[0], &k = saved[1], &v = saved[2], &hidden = saved[3];
    const auto chunks = chunks_of(q, k);
    const Products products{row_by_row(q, k)};
    // A backward that is differentiated needs the weights as a function of q and k.
    const bool kept = saved.size() > 4 && !at::GradMode::is_enabled();
    std::array<std::vector<Tensor>, 3> parts;
    for (size_t i = 0; i < chunks.size(); ++i) {
      const auto& chunk = chunks[i];
      const auto weights = kept ? saved[4 + i] : weights_of(products, chunk.of(q), chunk.of(k), chunk.of(hidden));
      const auto own = gradients_of(products, chunk.of(q), chunk.of(k), chunk.of(v), weights, chunk.of(gradients[0]));
      for (size_t j = 0; j < parts.size(); ++j) { parts[j].push_back(own[j]); }
    }
    return {joined(parts[0]), joined(parts[1]), joined(parts[2]), {}};
  }
};

/// [B, H, ...] -> [B * H, ...]
Tensor as_rows(const Tensor& x) { return x.flatten(0, 1); }

}  // namespace

Tensor attention_by_products(const Tensor& q, const Tensor& k, const Tensor& v, const std::optional<Tensor>& key_mask) {
  const int64_t batch = q.size(0), heads = q.size(1);
  std::optional<Tensor> hidden;
  if (key_mask) { hidden = as_rows((~*key_mask).expand({batch, heads, 1, k.size(2)})); }
  return AttentionByProducts::apply(as_rows(q), as_rows(k), as_rows(v), hidden).unflatten(0, {batch, heads});
}

}  // namespace realface::models::kernels
