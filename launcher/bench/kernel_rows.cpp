#include "launcher/bench/kernel_rows.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/randn.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include "base/kernels.h"
#include "models/layers/block.h"
#include "models/layers/kernels.h"

namespace realface::launcher {
namespace {

using torch::Tensor;
using Work = std::function<void()>;

Work with(Kernels choice, Work work) {
  return [choice, work = std::move(work)] {
    set_kernels(choice);
    work();
  };
}

KernelRow layer_row(const std::string& what, const char* dtype, const std::string& shape, double gflop,
                    const Work& work) {
  return {what,
          dtype,
          shape,
          gflop,
          with(Kernels::libtorch, work),
          with(Kernels::alternative, work),
          with(Kernels::automatic, work)};
}

/// Forward of `function`, and the gradients of all inputs.
Work trained(const std::function<Tensor(const std::vector<Tensor>&)>& function, std::vector<Tensor> inputs) {
  for (auto& input : inputs) { input = input.detach().requires_grad_(); }
  return [function, inputs] {
    const auto result = function(inputs);
    (void)torch::autograd::grad({result}, inputs, {at::ones_like(result)});
  };
}

Tensor linear_of(const std::vector<Tensor>& in) { return models::kernels::linear(in[0], in[1], in[2]); }

void add_linear(std::vector<KernelRow>& rows, int64_t samples, int64_t in, int64_t out) {
  const std::vector<Tensor> inputs = {at::randn({samples, in}), at::randn({out, in}), at::randn({out})};
  const auto shape = fmt::format("{} x {} x {}", samples, in, out);
  const double gflop = 2e-9 * static_cast<double>(samples * in * out);
  rows.push_back(layer_row("linear, forward", "fp32", shape, gflop, [inputs] { (void)linear_of(inputs); }));
  rows.push_back(layer_row("linear, forward and backward", "fp32", shape, 3 * gflop, trained(linear_of, inputs)));
  rows.push_back(layer_row("GELU after linear, forward", "fp32", shape, gflop,
                           [inputs] { (void)models::kernels::gelu_of_linear(inputs[0], inputs[1], inputs[2]); }));
}

/// As a layer does it: from one tensor of queries, keys and values [B, N, 3 H d] to [B, N, H d].
Tensor attention_of(const Tensor& qkv, int64_t heads) {
  const auto by_head = [&](const Tensor& x) { return x.unflatten(-1, {heads, x.size(-1) / heads}).transpose(1, 2); };
  const auto parts = qkv.chunk(3, -1);
  const auto mixed = models::kernels::attention(by_head(parts[0]), by_head(parts[1]), by_head(parts[2]), {});
  return mixed.transpose(1, 2).flatten(2);
}

void add_attention(std::vector<KernelRow>& rows, int64_t batch, int64_t heads, int64_t tokens) {
  for (const auto dtype : {torch::kFloat32, torch::kBFloat16}) {
    const auto work = trained([heads](const std::vector<Tensor>& in) { return attention_of(in[0], heads); },
                              {at::randn({batch, tokens, 3 * heads * 64}).to(dtype)});
    rows.push_back(layer_row("attention, forward and backward", dtype == torch::kFloat32 ? "fp32" : "bf16",
                             fmt::format("{} x {} x {} x 64", batch, heads, tokens), 0, work));
  }
}

/// Blocks with weights of the size that training begins with.
std::shared_ptr<models::Blocks> drawn_blocks(int64_t depth, int64_t width, int64_t heads, torch::ScalarType dtype) {
  auto blocks = std::make_shared<models::Blocks>(depth, width, heads, 4);
  const torch::NoGradGuard no_grad;
  for (auto& parameter : blocks->parameters()) {
    if (parameter.dim() > 1) { parameter.normal_(0, 0.05); }
  }
  blocks->to(dtype);
  return blocks;
}

/// The blocks of the compared model: 12 of 384 on 50 tokens and 4 of 192 on 197.
void add_blocks(std::vector<KernelRow>& rows) {
  for (const auto dtype : {torch::kFloat32, torch::kBFloat16}) {
    const auto encoder = drawn_blocks(12, 384, 6, dtype), decoder = drawn_blocks(4, 192, 3, dtype);
    const auto type = models::kernels::compute_dtype(encoder->parameters().front());
    const auto seen = at::randn({16, 50, 384}).to(type), all = at::randn({16, 197, 192}).to(type);
    rows.push_back(layer_row("12 blocks of 384 and 4 of 192, forward and backward",
                             dtype == torch::kFloat32 ? "fp32" : "bf16", "16 x 50, 16 x 197", 0, [=] {
                               (void)torch::autograd::grad({encoder->forward(seen).sum()}, encoder->parameters());
                               (void)torch::autograd::grad({decoder->forward(all).sum()}, decoder->parameters());
                             }));
  }
}

/// In both memory formats, for networks that choose one (SENet, Xception); `groups` as many as channels: depthwise.
void add_convolution(std::vector<KernelRow>& rows, int64_t channels, int64_t side, int64_t kernel, int64_t groups) {
  const auto x = at::randn({16, channels, side, side}),
             weight = at::randn({channels, channels / groups, kernel, kernel});
  const auto work = [=](at::MemoryFormat format) {
    return trained(
        [=](const std::vector<Tensor>& in) {
          return at::conv2d(in[0], in[1], {}, /*stride=*/1, /*padding=*/kernel / 2, /*dilation=*/1, groups);
        },
        {x.contiguous(format), weight.contiguous(format)});
  };
  const double gflop = 6e-9 * static_cast<double>(x.numel() * weight[0].numel());
  rows.push_back({groups > 1 ? "depthwise convolution, channels_last instead" : "convolution, channels_last instead",
                  "fp32", fmt::format("16 x {} x {} x {}, {} x {}", channels, side, side, kernel, kernel), gflop,
                  work(at::MemoryFormat::Contiguous), work(at::MemoryFormat::ChannelsLast), nullptr});
}

void add_pointwise(std::vector<KernelRow>& rows, int64_t channels, int64_t side) {
  const std::vector<Tensor> inputs = {at::randn({16, channels, side, side}).contiguous(at::MemoryFormat::ChannelsLast),
                                      at::randn({channels, channels, 1, 1}), at::randn({channels})};
  const auto work =
      trained([](const std::vector<Tensor>& in) { return models::kernels::pointwise_convolution(in[0], in[1], in[2]); },
              inputs);
  rows.push_back(layer_row("convolution 1 x 1, forward and backward", "fp32",
                           fmt::format("16 x {} x {} x {}", channels, side, side),
                           6e-9 * static_cast<double>(inputs[0].numel() * channels), work));
}

}  // namespace

std::vector<KernelRow> kernel_rows() {
  std::vector<KernelRow> rows;
  add_linear(rows, 784, 384, 1152);
  add_linear(rows, 784, 384, 1536);
  add_linear(rows, 784, 1536, 384);
  add_linear(rows, 3152, 192, 768);
  add_linear(rows, 3152, 384, 1536);
  add_attention(rows, 16, 6, 50);
  add_attention(rows, 16, 3, 197);
  add_attention(rows, 4, 12, 512);
  add_blocks(rows);
  add_pointwise(rows, 728, 19);
  add_convolution(rows, 64, 56, 3, 1);
  add_convolution(rows, 256, 14, 3, 1);
  add_convolution(rows, 728, 19, 3, 728);
  return rows;
}

}  // namespace realface::launcher
