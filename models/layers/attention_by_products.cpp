#include "models/layers/attention_by_products.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_softmax_backward_data.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/softmax.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "models/layers/attention_rows.h"

namespace realface::models::kernels {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext, torch::autograd::variable_list;

/// Weights that the backward finds kept, at most, in every block. It computes more of them again.
constexpr int64_t kBytesKept = 64 << 20;

/// Some of the rows (attention_rows.h).
struct Chunk {
  int64_t first, count;
  Tensor of(const Tensor& rows) const { return rows.defined() ? rows.narrow(0, first, count) : rows; }
};

std::vector<Chunk> chunks_of(const Tensor& q, const Tensor& k) {
  const int64_t rows = q.size(0), most = rows_at_once(q, k);
  std::vector<Chunk> chunks;
  for (int64_t first = 0; first < rows; first += most) { chunks.push_back({first, std::min(most, rows - first)}); }
  return chunks;
}

/// Of all rows at once, by operators that can be differentiated again.
variable_list differentiable_gradients(const variable_list& saved, const Tensor& of_mixed) {
  const auto &q = saved[0], &k = saved[1], &v = saved[2], &hidden = saved[3];
  const double scale = 1.0 / std::sqrt(static_cast<double>(q.size(-1)));
  auto scores = at::bmm(q, k.transpose(1, 2)) * scale;
  if (hidden.defined()) { scores = scores.masked_fill(hidden, -std::numeric_limits<float>::infinity()); }
  const auto weights = at::softmax(scores, -1);
  const auto of_weights = at::bmm(of_mixed, v.transpose(1, 2));
  const auto of_scores = at::_softmax_backward_data(of_weights, weights, -1, q.scalar_type()) * scale;
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
    std::vector<Tensor> parts;
    for (const auto& chunk : chunks_of(q, k)) {
      const auto weights = weights_of_rows(chunk.of(q), chunk.of(k), chunk.of(hidden));
      parts.push_back(mixed_rows(chunk.of(q), weights, chunk.of(v)));
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
    const bool kept = saved.size() > 4;
    std::array<std::vector<Tensor>, 3> parts;
    for (size_t i = 0; i < chunks.size(); ++i) {
      const auto& chunk = chunks[i];
      const auto weights = kept ? saved[4 + i] : weights_of_rows(chunk.of(q), chunk.of(k), chunk.of(hidden));
      const auto own = gradients_of_rows(chunk.of(q), chunk.of(k), chunk.of(v), weights, chunk.of(gradients[0]));
      for (size_t j = 0; j < parts.size(); ++j) { parts[j].push_back(own[j]); }
    }
    return {joined(parts[0]), joined(parts[1]), joined(parts[2]), {}};
  }
};

/// [B, H, ...] -> [B * H, ...], without gaps: of a batch of one it would be a view, for whose strides oneDNN has no
/// kernel but its reference, fifteen times slower.
Tensor as_rows(const Tensor& x) { return x.flatten(0, 1).contiguous(); }

}  // namespace

Tensor attention_by_products(const Tensor& q, const Tensor& k, const Tensor& v, const std::optional<Tensor>& key_mask) {
  const int64_t batch = q.size(0), heads = q.size(1);
  std::optional<Tensor> hidden;
  if (key_mask) { hidden = as_rows((~*key_mask).expand({batch, heads, 1, k.size(2)})); }
  return AttentionByProducts::apply(as_rows(q), as_rows(k), as_rows(v), hidden).unflatten(0, {batch, heads});
}

}  // namespace realface::models::kernels
