#include "models/layers/attention_by_products.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>
#include <torch/csrc/autograd/custom_function.h>
#include <cmath>
#include <limits>

namespace realface::models::kernels {
namespace {

using torch::Tensor;

Tensor widened(const Tensor& x) { return x.to(torch::kFloat32); }

double scale_of(const Tensor& q) { return 1.0 / std::sqrt(static_cast<double>(q.size(-1))); }

/// fp32 [B, H, Q, N].
Tensor weights_of(const Tensor& q, const Tensor& k, const std::optional<Tensor>& key_mask) {
  auto scores = at::matmul(widened(q) * scale_of(q), widened(k).transpose(-2, -1));
  if (key_mask) { scores = scores.masked_fill(~*key_mask, -std::numeric_limits<float>::infinity()); }
  return at::softmax(scores, -1);
}

class AttentionByProducts : public torch::autograd::Function<AttentionByProducts> {
 public:
  static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& q, const Tensor& k, const Tensor& v,
                        const std::optional<Tensor>& key_mask) {
    const auto weights = weights_of(q, k, key_mask);
    context->save_for_backward({q, k, v, weights});
    context->saved_data["key_mask"] = key_mask;
    return at::matmul(weights, widened(v)).to(v.scalar_type());
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &q = saved[0], &k = saved[1], &v = saved[2], &of_mixed = gradients[0];
    const auto key_mask = context->saved_data["key_mask"].toOptional<Tensor>();
    // A backward that is differentiated needs the weights as a function of q and k.
    const auto weights = at::GradMode::is_enabled() ? weights_of(q, k, key_mask) : saved[3];
    const auto of_v = at::matmul(weights.to(v.scalar_type()).transpose(-2, -1), of_mixed);
    const auto of_weights = widened(at::matmul(of_mixed, v.transpose(-2, -1)));
    const auto mean = (of_weights * weights).sum(-1, /*keepdim=*/true);
    const auto of_scores = ((of_weights - mean) * weights * scale_of(q)).to(q.scalar_type());
    return {at::matmul(of_scores, k), at::matmul(of_scores.transpose(-2, -1), q), of_v, {}};
  }
};

}  // namespace

Tensor attention_by_products(const Tensor& q, const Tensor& k, const Tensor& v, const std::optional<Tensor>& key_mask) {
  return AttentionByProducts::apply(q, k, v, key_mask);
}

}  // namespace realface::models::kernels
