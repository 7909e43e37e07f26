#include "models/layers/normalised.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/native_batch_norm.h>
#include <ATen/ops/native_batch_norm_backward.h>
#include <torch/csrc/autograd/custom_function.h>

#include "base/error.h"

namespace realface::models {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext, torch::autograd::variable_list;

/// Of x, weight, bias for the gradient `g` of the result. With P(v) = v - mean(v) - u mean(v u) for the normalised u,
/// and r the inverse deviation: weight r P(g), sum(g u), sum(g).
variable_list gradients_of(const Tensor& g, const Tensor& x, const Tensor& weight, const Tensor& mean, const Tensor& r,
                           double eps) {
  auto [of_x, of_weight, of_bias] =
      at::native_batch_norm_backward(g, x, weight, {}, {}, mean, r, /*train=*/true, eps, {true, true, true});
  return {of_x, of_weight, of_bias};
}

/// The derivatives of (g, x, weight) -> gradients_of.
class NormGradients : public torch::autograd::Function<NormGradients> {
 public:
  static variable_list forward(AutogradContext* context, const Tensor& g, const Tensor& x, const Tensor& weight,
                               const Tensor& mean, const Tensor& r, double eps) {
    context->saved_data["eps"] = eps;
    auto all = gradients_of(g, x, weight, mean, r, eps);
    context->save_for_backward({g, x, weight, mean, r, all[1], all[2]});
    return all;
  }

  /// By a, b, c: the gradients of the gradients of x, weight and bias. dr/dx_i is -r^2 u_i / n, and sum_j v_j du_j/dx
  /// is r P(v), so with s = sum(a P(g)):
  ///   of g:      weight r P(a) + b u + c
  ///   of weight: r s
  ///   of x:      -weight r^2 (u s / n + mean(g u) P(a) + mean(a u) P(g)) + b r P(g)
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    if (at::GradMode::is_enabled()) { throw Error("[batch norm] has no third derivative"); }
    const auto saved = context->get_saved_variables();
    const auto &g = saved[0], &x = saved[1], &weight = saved[2], &mean = saved[3], &r = saved[4];
    const auto &sum_gu = saved[5], &sum_g = saved[6], &a = gradients[0], &b = gradients[1], &c = gradients[2];
    const double n = static_cast<double>(x.numel() / x.size(1));
    const auto of_a = gradients_of(a, x, weight, mean, r, context->saved_data.at("eps").toDouble());
    const auto &projected = of_a[0], &sum_au = of_a[1], &sum_a = of_a[2];
    auto others = std::vector<int64_t>{0};
    for (int64_t d = 2; d < x.dim(); ++d) { others.push_back(d); }
    const auto s = (a * g).sum(others) - (sum_a * sum_g + sum_au * sum_gu) / n;
    // Written for x, as u is r (x - mean).
    const auto to_g = b * r, by_g = to_g - weight * r * r * sum_au / n;
    const auto by_x = -r * (by_g * sum_gu + weight * r * r * s) / n;
    const auto wide = [&](const Tensor& channels) {
      std::vector<int64_t> shape(static_cast<size_t>(x.dim()), 1);
      shape[1] = x.size(1);
      return channels.to(x.scalar_type()).view(shape);
    };
    const auto of_g = at::addcmul(projected + wide(c - to_g * mean), x, wide(to_g));
    auto of_x = at::addcmul(wide(-by_g * sum_g / n - by_x * mean), x, wide(by_x));
    of_x.addcmul_(g, wide(by_g)).addcmul_(projected, wide(-r * sum_gu / n));
    return {of_g, of_x, r * s, {}, {}, {}};
  }
};

class NormalisedByBatch : public torch::autograd::Function<NormalisedByBatch> {
 public:
  static variable_list forward(AutogradContext* context, const Tensor& x, const Tensor& weight, const Tensor& bias,
                               double eps) {
    const auto [out, mean, r] = at::native_batch_norm(x, weight, bias, {}, {}, /*training=*/true, 0, eps);
    context->saved_data["eps"] = eps;
    context->save_for_backward({x, weight, mean, r});
    context->mark_non_differentiable({mean, r});
    return {out, mean, r};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const double eps = context->saved_data.at("eps").toDouble();
    const auto &g = gradients[0], &x = saved[0], &weight = saved[1], &mean = saved[2], &r = saved[3];
    auto all = at::GradMode::is_enabled() ? NormGradients::apply(g, x, weight, mean, r, eps)
                                          : gradients_of(g, x, weight, mean, r, eps);
    all.emplace_back();
    return all;
  }
};

}  // namespace

Normalised normalised_by_batch(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias,
                               double eps) {
  const auto all = NormalisedByBatch::apply(x, weight, bias, eps);
  return {all[0], all[1], all[2]};
}

}  // namespace realface::models
