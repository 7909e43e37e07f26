// Attention over packed sequences, which has CUDA kernels alone: written out, one sequence after another.

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <torch/library.h>

#include <cmath>
#include <optional>
#include <tuple>
#include <vector>

#include "tests/gpu/stand_in/host_view.h"
#include "tests/gpu/stand_in/parts.h"

namespace realface::stand_in {
namespace {

using at::Tensor;
using std::optional;

/// Rows [first, last) of one sequence as [H, n, d] in fp32.
Tensor heads(const Tensor& rows, int64_t first, int64_t last) {
  return on_host(rows).slice(0, first, last).transpose(0, 1).to(at::kFloat);
}

Tensor rows_of(const Tensor& heads) { return heads.transpose(0, 1); }

double scale_of(const Tensor& q, optional<double> scale) {
  return scale.value_or(1 / std::sqrt(static_cast<double>(q.size(-1))));
}

/// All are [S, H, d]; starts i32 [B + 1].
Tensor forward(const Tensor& q, const Tensor& k, const Tensor& v, const Tensor& starts, optional<double> scale) {
  count(&Counts::kernels);
  const Tensor bounds = on_host(starts);
  const auto* const start = bounds.const_data_ptr<int32_t>();
  std::vector<Tensor> parts;
  for (int64_t i = 0; i + 1 < starts.numel(); ++i) {
    const auto own = [&](const Tensor& all) { return heads(all, start[i], start[i + 1]); };
    const auto weights = at::softmax(own(q).matmul(own(k).transpose(1, 2)) * scale_of(q, scale), -1);
    parts.push_back(rows_of(weights.matmul(own(v))));
  }
  return on_device(at::cat(parts).to(q.scalar_type()).contiguous(), q.device());
}

std::tuple<Tensor, Tensor, Tensor> backward(const Tensor& gradient, const Tensor& q, const Tensor& k, const Tensor& v,
                                            const Tensor& starts, optional<double> scale) {
  count(&Counts::kernels);
  const Tensor bounds = on_host(starts);
  const auto* const start = bounds.const_data_ptr<int32_t>();
  std::vector<Tensor> of_q, of_k, of_v;
  for (int64_t i = 0; i + 1 < starts.numel(); ++i) {
    const auto own = [&](const Tensor& all) { return heads(all, start[i], start[i + 1]); };
    const double factor = scale_of(q, scale);
    const auto weights = at::softmax(own(q).matmul(own(k).transpose(1, 2)) * factor, -1);
    const auto of_weights = own(gradient).matmul(own(v).transpose(1, 2));
    const auto of_products = weights * (of_weights - (of_weights * weights).sum(-1, true)) * factor;
    of_q.push_back(rows_of(of_products.matmul(own(k))));
    of_k.push_back(rows_of(of_products.transpose(1, 2).matmul(own(q))));
    of_v.push_back(rows_of(weights.transpose(1, 2).matmul(own(gradient))));
  }
  const auto back = [&](const std::vector<Tensor>& parts) {
    return on_device(at::cat(parts).to(q.scalar_type()).contiguous(), q.device());
  };
  return {back(of_q), back(of_k), back(of_v)};
}

Tensor nothing(const Tensor& like) { return at::empty({0}, like.options().dtype(at::kFloat)); }

using Flash = std::tuple<Tensor, Tensor, Tensor, Tensor, Tensor>;
Flash flash_forward(const Tensor& q, const Tensor& k, const Tensor& v, const optional<Tensor>& starts,
                    const optional<Tensor>&, int64_t, int64_t, double, bool, bool, optional<double> scale,
                    optional<int64_t>, optional<int64_t>, const optional<Tensor>&, const optional<Tensor>&) {
  return {forward(q, k, v, *starts, scale), nothing(q), nothing(q), nothing(q), nothing(q)};
}

std::tuple<Tensor, Tensor, Tensor> flash_backward(const Tensor& gradient, const Tensor& q, const Tensor& k,
                                                  const Tensor& v, const Tensor&, const Tensor&, const Tensor& starts,
                                                  const Tensor&, int64_t, int64_t, double, bool, const Tensor&,
                                                  const Tensor&, optional<double> scale, optional<int64_t>,
                                                  optional<int64_t>) {
  return backward(gradient, q, k, v, starts, scale);
}

using Efficient = std::tuple<Tensor, Tensor, Tensor, Tensor, c10::SymInt, c10::SymInt>;
Efficient efficient_forward(const Tensor& q, const Tensor& k, const Tensor& v, const optional<Tensor>&,
                            const optional<Tensor>& starts, const optional<Tensor>&, optional<c10::SymInt> longest,
                            optional<c10::SymInt>, double, int64_t, bool, optional<double> scale,
                            const optional<Tensor>&, optional<int64_t>) {
  const auto mixed = forward(q.squeeze(0), k.squeeze(0), v.squeeze(0), *starts, scale).unsqueeze(0);
  return {mixed, nothing(q), nothing(q), nothing(q), *longest, *longest};
}

std::tuple<Tensor, Tensor, Tensor, Tensor> efficient_backward(const Tensor& gradient, const Tensor& q, const Tensor& k,
                                                              const Tensor& v, const optional<Tensor>&, const Tensor&,
                                                              const optional<Tensor>& starts, const optional<Tensor>&,
                                                              int64_t, int64_t, const Tensor&, double, const Tensor&,
                                                              const Tensor&, int64_t, bool, optional<double> scale,
                                                              optional<int64_t>, optional<int64_t>, bool) {
  const auto [of_q, of_k, of_v] =
      backward(gradient.squeeze(0), q.squeeze(0), k.squeeze(0), v.squeeze(0), *starts, scale);
  return {of_q.unsqueeze(0), of_k.unsqueeze(0), of_v.unsqueeze(0), Tensor()};
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, CUDA, m) {
  m.impl("_flash_attention_forward", flash_forward);
  m.impl("_flash_attention_backward", flash_backward);
  m.impl("_efficient_attention_forward", efficient_forward);
  m.impl("_efficient_attention_backward", efficient_backward);
}

}  // namespace realface::stand_in
