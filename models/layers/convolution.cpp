#include "models/layers/convolution.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <torch/csrc/autograd/custom_function.h>

namespace realface::models {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext, torch::autograd::variable_list;

struct Geometry {
  int64_t stride, padding;

  static Geometry saved_in(AutogradContext& context) {
    return {context.saved_data.at("stride").toInt(), context.saved_data.at("padding").toInt()};
  }
  void save(AutogradContext& context) const {
    context.saved_data["stride"] = stride;
    context.saved_data["padding"] = padding;
  }
  Tensor convolved(const Tensor& x, const Tensor& weight) const { return at::conv2d(x, weight, {}, stride, padding); }
  /// The gradients of x and of weight, undefined if not wanted.
  std::pair<Tensor, Tensor> gradients(const Tensor& of_result, const Tensor& x, const Tensor& weight, bool of_x,
                                      bool of_weight) const {
    const std::array<int64_t, 2> strides{stride, stride}, paddings{padding, padding}, dilation{1, 1}, none{0, 0};
    auto [first, second, bias] =
        at::convolution_backward(of_result, x, weight, /*bias_sizes=*/{}, strides, paddings, dilation,
                                 /*transposed=*/false, none, /*groups=*/1, {of_x, of_weight, false});
    return {first, second};
  }
};

/// (gradient of the result, x, weight) -> the gradient of weight, and that of x before it if it is wanted.
class Gradients : public torch::autograd::Function<Gradients> {
 public:
  static variable_list forward(AutogradContext* context, const Tensor& of_result, const Tensor& x, const Tensor& weight,
                               const Geometry& geometry, bool of_x) {
    geometry.save(*context);
    context->saved_data["of_x"] = of_x;
    context->set_materialize_grads(false);
    context->save_for_backward({of_result, x, weight});
    const auto [first, second] = geometry.gradients(of_result, x, weight, of_x, true);
    return of_x ? variable_list{first, second} : variable_list{second};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto geometry = Geometry::saved_in(*context);
    const auto saved = context->get_saved_variables();
    const auto &of_result = saved[0], &x = saved[1], &weight = saved[2];
    // Gradients of the two gradients: shaped as x and as weight.
    const auto like_x = context->saved_data.at("of_x").toBool() ? gradients.front() : Tensor();
    const auto& like_weight = gradients.back();
    Tensor first, second, third;
    if (like_weight.defined()) {
      first = geometry.convolved(x, like_weight);
      second = geometry.gradients(of_result, x, like_weight, true, false).first;
    }
    if (like_x.defined()) {
      const auto by_x = geometry.convolved(like_x, weight);
      first = first.defined() ? first + by_x : by_x;
      third = geometry.gradients(of_result, like_x, weight, false, true).second;
    }
    return {first, second, third, {}, {}};
  }
};

class Convolution : public torch::autograd::Function<Convolution> {
 public:
  static Tensor forward(AutogradContext* context, const Tensor& x, const Tensor& weight, const Geometry& geometry) {
    geometry.save(*context);
    context->save_for_backward({x, weight});
    return geometry.convolved(x, weight);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto geometry = Geometry::saved_in(*context);
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1];
    const bool of_x = context->needs_input_grad(0);
    if (!at::GradMode::is_enabled()) {
      const auto [first, second] = geometry.gradients(gradients[0], x, weight, of_x, context->needs_input_grad(1));
      return {first, second, {}};
    }
    const auto both = Gradients::apply(gradients[0], x, weight, geometry, of_x);
    return {of_x ? both.front() : Tensor(), both.back(), {}};
  }
};

}  // namespace

torch::Tensor convolution(const torch::Tensor& x, const torch::Tensor& weight, int64_t stride, int64_t padding) {
  return Convolution::apply(x, weight, Geometry{stride, padding});
}

}  // namespace realface::models
