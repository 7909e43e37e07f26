#include "models/layers/kernels.h"

#include <ATen/core/grad_mode.h>
#include <ATen/cpu/Utils.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include "base/kernels.h"
#include "models/layers/attention_by_products.h"
#include "models/layers/onednn_linear.h"

namespace realface::models::kernels {
namespace {

bool cpu_has(const char* capability) {
  static const auto kAll = at::cpu::get_cpu_capabilities();
  const auto found = kAll.find(capability);
  return found != kAll.end() && found->second.toBool();
}

bool is_amd() {
  static const bool kAmd = __builtin_cpu_is("amd") != 0;
  return kAmd;
}

/// Whether to take the alternative, if it can be had and is the faster one here.
bool takes_alternative(bool possible, bool faster) {
  if (!possible || chosen_kernels() == Kernels::libtorch) { return false; }
  return faster || chosen_kernels() == Kernels::alternative;
}

/// Multiply-adds below which the call of oneDNN and of a custom function takes about as long as what it computes.
constexpr int64_t kSmallProduct = 1 << 20;

/// Products by oneDNN's operator. fp32: on AMD's processors MKL uses AVX2 alone, oneDNN AVX-512. Measured on Zen 5, one
/// thread: 237-260 GFLOP/s against 102-111; assumed for Zen 4. Elsewhere both use the same instructions. bf16: libtorch
/// calls oneDNN too, but copies the bias into the result first: 465 GFLOP/s against 450.
bool by_onednn(const torch::Tensor& x, const torch::Tensor& weight) {
  const bool bf16 = x.scalar_type() == torch::kBFloat16;
  const bool possible = x.is_cpu() && (bf16 || x.scalar_type() == torch::kFloat32) &&
                        weight.scalar_type() == x.scalar_type() && weight.is_contiguous() && x.numel() > 0;
  const bool faster = cpu_has(bf16 ? "avx512_bf16" : "avx512_f") && x.numel() * weight.size(0) >= kSmallProduct;
  return takes_alternative(possible, is_amd() && faster);
}

/// Attention by products. bf16: libtorch's fused kernel calls oneDNN for blocks so small that the calls cost more than
/// the products, unless it has AMX. fp32: its products are MKL's, as above. Measured on Zen 5, forward and backward: in
/// bf16 1.9 ms against 11.7 ms at 16 x 6 x 50 x 64, 9.2 against 25.2 at 16 x 3 x 197 x 64, 54 against 111 at 4 x 12 x
/// 512 x 64; in fp32 18.6 against 21.0 and 66 against 125 at the last two.
bool by_products(const torch::Tensor& q, const torch::Tensor& k) {
  const bool bf16 = q.scalar_type() == torch::kBFloat16, fp32 = q.scalar_type() == torch::kFloat32;
  const bool faster = bf16 ? cpu_has("avx512_bf16") : cpu_has("avx512_f") && q.size(2) * k.size(2) >= kLargeRow;
  return takes_alternative(q.is_cpu() && q.numel() > 0 && (bf16 || fp32), is_amd() && faster);
}

/// Whether products of bf16 matrices are faster than of fp32 ones. Intel's VDPBF16PS runs at half the rate of its FMA
/// and so gains nothing; AMD's runs at the full rate. Measured on Zen 5, one thread: 440 GFLOP/s.
bool cpu_gains_by_bf16() { return cpu_has("amx_bf16") || (cpu_has("avx512_bf16") && is_amd()); }

bool needs_gradient(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias) {
  return at::GradMode::is_enabled() &&
         (x.requires_grad() || weight.requires_grad() || (bias.defined() && bias.requires_grad()));
}

std::optional<torch::Tensor> given(const torch::Tensor& tensor) {
  return tensor.defined() ? std::optional<torch::Tensor>(tensor) : std::nullopt;
}

}  // namespace

torch::Tensor linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias) {
  return by_onednn(x, weight) ? onednn_linear(x, weight, given(bias)) : at::linear(x, weight, given(bias));
}

torch::Tensor gelu_of_linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias) {
  // A gradient needs the value before GELU, which the fused kernel does not keep. Measured on Zen 5, 3152 x 1536: 0.9
  // ms against 2.6 ms for GELU alone.
  const bool fused = by_onednn(x, weight) && !needs_gradient(x, weight, bias);
  return fused ? onednn_gelu_of_linear(x, weight, given(bias)) : at::gelu(linear(x, weight, bias));
}

torch::Tensor attention(const torch::Tensor& q, const torch::Tensor& k, const torch::Tensor& v,
                        const torch::Tensor& key_mask) {
  return by_products(q, k) ? attention_by_products(q, k, v, given(key_mask))
                           : at::scaled_dot_product_attention(q, k, v, given(key_mask));
}

torch::Tensor pointwise_convolution(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias) {
  if (!by_onednn(x, weight)) { return at::conv2d(x, weight, given(bias)); }
  // Each pixel is a row. Measured on Zen 5: about 245 GFLOP/s against 106 for the convolution.
  return onednn_linear(x.permute({0, 2, 3, 1}), weight.flatten(1), given(bias)).permute({0, 3, 1, 2});
}

torch::ScalarType compute_dtype(const torch::Tensor& parameter) {
  const bool slow = parameter.scalar_type() == torch::kBFloat16 && parameter.is_cpu() && !cpu_gains_by_bf16();
  return slow ? torch::kFloat32 : parameter.scalar_type();
}

}  // namespace realface::models::kernels
