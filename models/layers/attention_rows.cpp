#include "models/layers/attention_rows.h"

#include <ATen/ops/_softmax_backward_data.h>
#include <ATen/ops/baddbmm.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/softmax.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/layers/attention_by_products.h"
#include "models/layers/onednn_linear.h"

namespace realface::models::kernels {
namespace {

using torch::Tensor;

/// Weights that are computed at once, at most: 1 MB of fp32, so that they stay in the second cache. Measured on Zen 5,
/// bf16: 5 to 9 % less time than with eight times as many.
constexpr int64_t kWeightsAtOnce = 1 << 18;
/// Keys up to which weights are not rounded before they mix values, and before they are differentiated: there the fused
/// kernel rounds less, too.
constexpr int64_t kKeysMixedInFp32 = 64, kKeysDerivedInFp32 = 256;

/// oneDNN is called for one row at a time, and finds it in the cache then.
bool row_by_row(const Tensor& q, const Tensor& k) {
  return q.scalar_type() == torch::kFloat32 && q.size(1) * k.size(1) >= kLargeRow;
}

/// [R, Q, N]: what `piece` makes of the queries [first, first + count), for so many that they stay in the
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

/// The products of rows; of one row, if by oneDNN.
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

}  // namespace

int64_t rows_at_once(const Tensor& q, const Tensor& k) {
  return row_by_row(q, k) ? 1 : std::max<int64_t>(1, kWeightsAtOnce / (q.size(1) * k.size(1)));
}

torch::ScalarType type_of_weights(const Tensor& k) {
  return k.size(1) > kKeysDerivedInFp32 ? k.scalar_type() : torch::kFloat32;
}

Tensor weights_of_rows(const Tensor& q, const Tensor& k, const Tensor& hidden) {
  const Products products{row_by_row(q, k)};
  return by_queries(q, k, type_of_weights(k), [&](int64_t first, int64_t count) {
    auto scores = scores_of(products, q.narrow(1, first, count), k).mul_(scale_of(q));
    if (hidden.defined()) { scores.masked_fill_(hidden, -std::numeric_limits<float>::infinity()); }
    return at::softmax(scores, -1);
  });
}

Tensor mixed_rows(const Tensor& q, const Tensor& weights, const Tensor& v) {
  const auto type = v.size(1) > kKeysMixedInFp32 ? v.scalar_type() : torch::kFloat32;
  return Products{row_by_row(q, v)}.plain(weights.to(type), v.to(type)).to(v.scalar_type());
}

std::array<Tensor, 3> gradients_of_rows(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& weights,
                                        const Tensor& of_mixed) {
  const Products products{row_by_row(q, k)};
  const auto of_scores = by_queries(q, k, q.scalar_type(), [&](int64_t first, int64_t count) {
    const auto of_weights = products.with_transposed(of_mixed.narrow(1, first, count), v).to(weights.scalar_type());
    return at::_softmax_backward_data(of_weights, weights.narrow(1, first, count), -1, weights.scalar_type());
  });
  return {products.plain(of_scores, k).mul_(scale_of(q)), products.of_transposed(of_scores, q).mul_(scale_of(q)),
          products.of_transposed(weights.to(v.scalar_type()), of_mixed)};
}

}  // namespace realface::models::kernels
