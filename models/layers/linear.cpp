#include "models/layers/linear.h"

#include <ATen/cpu/Utils.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <torch/csrc/autograd/custom_function.h>

namespace realface::models {

namespace {

bool cpu_has(const char* capability) {
  const auto all = at::cpu::get_cpu_capabilities();
  const auto found = all.find(capability);
  return found != all.end() && found->second.toBool();
}

/// Whether products of bf16 matrices are faster than of fp32 ones. Intel's VDPBF16PS runs at half the rate of its FMA
/// and so gains nothing; AMD's runs at the full rate, beside an MKL that uses but AVX2 there (measured on Zen 5, one
/// thread: 440 GFLOP/s against 100).
bool cpu_gains_by_bf16() {
  static const bool kGains = cpu_has("amx_bf16") || (cpu_has("avx512_bf16") && __builtin_cpu_is("amd"));
  return kGains;
}

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

torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias) {
  return at::linear(x, widened(weight, x.scalar_type()), widened(bias, x.scalar_type()));
}

}  // namespace

torch::ScalarType compute_dtype(const torch::Tensor& parameter) {
  const bool slow = parameter.scalar_type() == torch::kBFloat16 && parameter.is_cpu() && !cpu_gains_by_bf16();
  return slow ? torch::kFloat32 : parameter.scalar_type();
}

torch::Tensor widened(const torch::Tensor& parameter, torch::ScalarType dtype) {
  if (parameter.scalar_type() == dtype) { return parameter; }
  return Widen::apply(parameter, static_cast<int64_t>(dtype));
}

Linear::Linear(int64_t in, int64_t out)
    : weight_(register_parameter("weight", torch::zeros({out, in}))),
      bias_(register_parameter("bias", torch::zeros({out}))) {}

torch::Tensor Linear::forward(const torch::Tensor& x) const { return linear(x, weight_, bias_); }

torch::Tensor Linear::forward_slice(const torch::Tensor& x, int64_t first, int64_t count) const {
  return linear(x, weight_.narrow(0, first, count), bias_.narrow(0, first, count));
}

LayerNorm::LayerNorm(int64_t width)
    : weight_(register_parameter("weight", torch::ones({width}))),
      bias_(register_parameter("bias", torch::zeros({width}))) {}

torch::Tensor LayerNorm::forward(const torch::Tensor& x) const {
  return at::layer_norm(x, weight_.sizes(), widened(weight_, x.scalar_type()), widened(bias_, x.scalar_type()), 1e-6);
}

}  // namespace realface::models
