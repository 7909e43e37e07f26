#include "models/layers/attention_by_products.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_softmax_backward_data.h>
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
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
/// Weights that the backward finds kept, at most, in every block. It computes more of them again.
constexpr int64_t kBytesKept = 64 << 20;
/// Keys up to which weights are not rounded before they mix values, and before they are differentiated: there the fused
/// kernel rounds less, too.
constexpr int64_t kKeysMixedInFp32 = 64, kKeysDerivedInFp32 = 256;

/// Some of the rows, each a sample's head: q and its like [R, Q, d], k and v [R, N, d], hidden bool [R, 1, N].
struct Chunk {
  int64_t first, count;
  Tensor of(const Tensor& rows) const { return rows.defined() ? rows.narrow(0, first, count) : rows; }
};

bool row_by_row(const Tensor& q, const Tensor& k) {
  return q.scalar_type() == torch::kFloat32 && q.size(1) * k.size(1) >= kLargeRow;
}

std::vector<Chunk> chunks_of(const Tensor& q, const Tensor& k) {
  const int64_t rows = q.size(0), own = q.size(1) * k.size(1);
  // oneDNN is called for one row at a time, and finds it in the cache then.
  const int64_t most = row_by_row(q, k) ? 1 : std::max<int64_t>(1, kWeightsAtOnce / own);
  std::vector<Chunk> chunks;
  for (int64_t first = 0; first < rows; first += most) { chunks.push_back({first, std::min(most, rows - first)}); }
  return chunks;
}

/// The type in which weights are kept and differentiated.
torch::ScalarType type_of_weights(const Tensor& k) {
  return k.size(1) > kKeysDerivedInFp32 ? k.scalar_type() : torch::kFloat32;
}

/// [R, Q, N] of a chunk: what `piece` makes of the queries [first, first + count), for so many that they stay in the
/// cache.
template <class Piece>
Tensor by_queries(const Tensor& q, const Tensor& k, torch::ScalarType type, const Piece& piece) {
  const int64_t queries = q.size(1), keys = k.size(1), most = std::max<int64_t>(16, kWeightsAtOnce / keys / 16 * 16);
  if (queries * keys <= kWeightsAtOnce) { return piece(0, queries).to(type); }
  auto whole = at::empty({q.size(0), queries, keys}, q.options().dtype(type));
  for (int64_t first = 0; first < queries; first += most) {
    const int64_t count = std::min(most, queries - first);
    whole.narrow(1, first, count).copy_(piece(first, count));
  }
  return whole;
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

/// [R, Q, N] of a chunk.
Tensor weights_of(const Products& products, const Tensor& q, const Tensor& k, const Tensor& hidden) {
  return by_queries(q, k, type_of_weights(k), [&](int64_t first, int64_t count) {
    auto scores = scores_of(products, q.narrow(1, first, count), k).mul_(scale_of(q));
    if (hidden.defined()) { scores.masked_fill_(hidden, -std::numeric_limits<float>::infinity()); }
    return at::softmax(scores, -1);
  });
}

Tensor mixed(const Products& products, const Tensor& weights, const Tensor& v) {
  const auto type = v.size(1) > kKeysMixedInFp32 ? v.scalar_type() : torch::kFloat32;
  return products.plain(weights.to(type), v.to(type)).to(v.scalar_type());
}

/// The gradients of q, k and v.
std::array<Tensor, 3> gradients_of(const Products& products, const Tensor& q, const Tensor& k, const Tensor& v,
                                   const Tensor& weights, const Tensor& of_mixed) {
  const auto of_scores = by_queries(q, k, q.scalar_type(), [&](int64_t first, int64_t count) {
    const auto of_weights = products.with_transposed(of_mixed.narrow(1, first, count), v).to(weights.scalar_type());
    return at::_softmax_backward_data(of_weights, weights.narrow(1, first, count), -1, weights.scalar_type());
  });
  return {products.plain(of_scores, k).mul_(scale_of(q)), products.of_transposed(of_scores, q).mul_(scale_of(q)),
          products.of_transposed(weights.to(v.scalar_type()), of_mixed)};
}

/// The same of all rows at once, by operators that can be differentiated again.
variable_list differentiable_gradients(const variable_list& saved, const Tensor& of_mixed) {
  const auto &q = saved[0], &k = saved[1], &v = saved[2], &hidden = saved[3];
  auto scores = at::bmm(q, k.transpose(1, 2)) * scale_of(q);
  if (hidden.defined()) { scores = scores.masked_fill(hidden, -std::numeric_limits<float>::infinity()); }
  const auto weights = at::softmax(scores, -1);
  const auto of_weights = at::bmm(of_mixed, v.transpose(1, 2));
  const auto of_scores = at::_softmax_backward_data(of_weights, weights, -1, q.scalar_type()) * scale_of(q);
  return {at::bmm(of_scores, k), at::bmm(of_scores.transpose(1, 2), q), at::bmm(weights.transpose(1, 2), of_mixed), {}};
}

Tensor joined(const std::vector<Tensor>& parts) { return parts.size() == 1 ? parts.front() : at::cat(parts); }

class AttentionByProducts : public torch::autograd::Function<AttentionByProducts> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& q, const Tensor& k, const Tensor& v,
                        const std::optional<Tensor>& key_hidden) {
    const auto hidden = key_hidden.value_or(Tensor());
    const int64_t bytes =
        q.size(0) * q.size(1) * k.size(1) * static_cast<int64_t>(c10::elementSize(type_of_weights(k)));
    variable_list saved = {q, k, v, hidden};
    const Products products{row_by_row(q, k)};
    std::vector<Tensor> parts;
    for (const auto& chunk : chunks_of(q, k)) {
      const auto weights = weights_of(products, chunk.of(q), chunk.of(k), chunk.of(hidden));
      parts.push_back(mixed(products, weights, chunk.of(v)));
      if (bytes <= kBytesKept) { saved.push_back(weights); }
    }
    context->save_for_backward(std::move(saved));
    return joined(parts);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    if (at::GradMode::is_enabled()) { return differentiable_gradients(saved, gradients[0]); }
    const auto &q = saved[0], &k = saved[1], &v = saved[2], &hidden = saved[3];
    const auto chunks = chunks_of(q, k);
    const Products products{row_by_row(q, k)};
    const bool kept = saved.size() > 4;
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
