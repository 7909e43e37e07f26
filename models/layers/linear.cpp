#include "models/layers/linear.h"

#include <ATen/ops/layer_norm.h>
#include <torch/csrc/autograd/custom_function.h>

#include "models/layers/kernels.h"

namespace realface::models {

namespace {

/// A cast whose backward passes the gradient on as it is: autograd's own would round it to the parameter's type first.
class Widen : public torch::autograd::Function<Widen> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext*, const torch::Tensor& parameter, int64_t dtype) {
    return parameter.to(static_cast<torch::ScalarType>(dtype));
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext*,
                                                 const torch::autograd::variable_list& gradients) {
    return {gradients[0], {}};
  }
};

}  // namespace

torch::Tensor widened(const torch::Tensor& parameter, torch::ScalarType dtype) {
  if (!parameter.defined() || parameter.scalar_type() == dtype) { return parameter; }
  return Widen::apply(parameter, static_cast<int64_t>(dtype));
}

Linear::Linear(int64_t in, int64_t out, bool has_bias)
    : weight_(register_parameter("weight", torch::zeros({out, in}))) {
  if (has_bias) { bias_ = register_parameter("bias", torch::zeros({out})); }
}

torch::Tensor Linear::forward(const torch::Tensor& x) const {
  return kernels::linear(x, widened(weight_, x.scalar_type()), widened(bias_, x.scalar_type()));
}

torch::Tensor Linear::forward_gelu(const torch::Tensor& x) const {
  return kernels::gelu_of_linear(x, widened(weight_, x.scalar_type()), widened(bias_, x.scalar_type()));
}

torch::Tensor Linear::forward_slice(const torch::Tensor& x, int64_t first, int64_t count,
                                    const torch::Tensor& bias) const {
  const auto rows = [&](const torch::Tensor& parameter) {
    // Widened before it is cut: the gradient of a cut parameter would be rounded to the parameter's type.
    const auto wide = widened(parameter, x.scalar_type());
    // A view of all rows would cost a copy of the gradient.
    return !wide.defined() || count == wide.size(0) ? wide : wide.narrow(0, first, count);
  };
  return kernels::linear(x, rows(weight_), rows(bias.defined() ? bias : bias_));
}

LayerNorm::LayerNorm(int64_t width)
    : weight_(register_parameter("weight", torch::ones({width}))),
      bias_(register_parameter("bias", torch::zeros({width}))) {}

torch::Tensor LayerNorm::forward(const torch::Tensor& x) const {
  return at::layer_norm(x, weight_.sizes(), widened(weight_, x.scalar_type()), widened(bias_, x.scalar_type()), 1e-6);
}

}  // namespace realface::models
