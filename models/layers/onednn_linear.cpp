#include "models/layers/onednn_linear.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>
#include <torch/csrc/autograd/custom_function.h>

namespace realface::models::kernels {
namespace {

using Pointwise = torch::Tensor(const torch::Tensor&, const torch::Tensor&, const std::optional<torch::Tensor>&,
                                std::string_view, c10::List<std::optional<at::Scalar>>,
                                std::optional<std::string_view>);

using Optional = std::optional<torch::Tensor>;

torch::Tensor product(const torch::Tensor& x, const torch::Tensor& weight, const Optional& bias,
                      std::string_view then = "none") {
  static const auto kOperator =
      c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_linear_pointwise", "").typed<Pointwise>();
  const at::AutoDispatchBelowADInplaceOrView no_derivative;
  return kOperator.call(x, weight, bias, then, c10::List<std::optional<at::Scalar>>(), "none");
}

torch::Tensor rows_of(const torch::Tensor& x) { return x.reshape({-1, x.size(-1)}); }

class OnednnLinear : public torch::autograd::Function<OnednnLinear> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x,
                               const torch::Tensor& weight, const Optional& bias) {
    context->saved_data["bias"] = bias.has_value();
    // Each is needed for the other's gradient alone.
    context->save_for_backward(
        {weight.requires_grad() ? x : torch::Tensor(), x.requires_grad() ? weight : torch::Tensor()});
    return product(x, weight, bias);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &gradient = gradients[0], &x = saved[0], &weight = saved[1];
    // bf16 products are oneDNN's there too, and read transposed matrices faster.
    const bool plain = at::GradMode::is_enabled() || gradient.scalar_type() == torch::kBFloat16;
    torch::Tensor of_x, of_weight, of_bias;
    const auto rows = rows_of(gradient);
    if (context->needs_input_grad(0)) {
      of_x = plain ? at::matmul(gradient, weight) : product(gradient, weight.t(), std::nullopt);
    }
    if (context->needs_input_grad(1)) {
      const auto inputs = rows_of(x).contiguous().t();  // oneDNN has no fast kernel for a weight with gaps
      of_weight = plain ? at::matmul(rows.t(), inputs.t()) : product(rows.t(), inputs, std::nullopt);
    }
    if (context->saved_data["bias"].toBool() && context->needs_input_grad(2)) { of_bias = rows.sum(0); }
    return {of_x, of_weight, of_bias};
  }
};

}  // namespace

torch::Tensor onednn_product(const torch::Tensor& x, const torch::Tensor& weight) {
  return product(x, weight, std::nullopt);
}

torch::Tensor onednn_linear(const torch::Tensor& x, const torch::Tensor& weight, const Optional& bias) {
  return OnednnLinear::apply(x, weight, bias);
}

torch::Tensor onednn_gelu_of_linear(const torch::Tensor& x, const torch::Tensor& weight, const Optional& bias) {
  return product(x, weight, bias, "gelu");
}

}  // namespace realface::models::kernels
