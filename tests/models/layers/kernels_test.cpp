#include "models/layers/kernels.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/record_function.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>

#include <cmath>
#include <functional>

#include "base/kernels.h"
#include "models/layers/batch_norm.h"
#include "models/layers/block.h"

/// Each alternative kernel, on whatever processor, against libtorch's own and against fp64.
namespace realface::models {
namespace {

using testing::HasSubstr, testing::Not;
using Tensors = std::vector<torch::Tensor>;
using Function = std::function<torch::Tensor(const Tensors&)>;

class WithKernels {
 public:
  explicit WithKernels(Kernels choice) : before_(chosen_kernels()) { set_kernels(choice); }
  ~WithKernels() { set_kernels(before_); }
  WithKernels(const WithKernels&) = delete;
  WithKernels& operator=(const WithKernels&) = delete;

 private:
  Kernels before_;
};

/// The result of `function` and its gradients by each input, for a fixed gradient of the result.
Tensors derived(const Function& function, const Tensors& inputs, Kernels choice, torch::ScalarType type) {
  const WithKernels with(choice);
  Tensors leaves;
  for (const auto& input : inputs) { leaves.push_back(input.detach().to(type).requires_grad_()); }
  torch::manual_seed(3);
  const auto result = function(leaves);
  const auto gradient = at::randn(result.sizes(), torch::kFloat64).to(torch::kBFloat16).to(type);
  auto all = torch::autograd::grad({result}, leaves, {gradient});
  all.insert(all.begin(), result.detach());
  return all;
}

/// Within `tolerance` of the largest entry.
void expect_same_results(const Function& function, const Tensors& inputs, double tolerance = 2e-6) {
  const auto own = derived(function, inputs, Kernels::alternative, torch::kFloat32);
  const auto plain = derived(function, inputs, Kernels::libtorch, torch::kFloat32);
  ASSERT_EQ(own.size(), plain.size());
  for (size_t i = 0; i < own.size(); ++i) {
    ASSERT_EQ(own[i].sizes(), plain[i].sizes());
    const double largest = plain[i].abs().max().item<double>();
    EXPECT_LE((own[i] - plain[i]).abs().max().item<double>(), tolerance * largest) << "result or gradient " << i;
  }
}

torch::Tensor linear_of(const Tensors& in) { return kernels::linear(in[0], in[1], in[2]); }
torch::Tensor attention_of(const Tensors& in) { return kernels::attention(in[0], in[1], in[2], {}); }

TEST(Kernels, TheChoiceDecidesWhichKernelRuns) {
  const auto kernel_of = [](const Function& function, const Tensors& inputs, Kernels choice) {
    const WithKernels with(choice);
    Tensors leaves;
    for (const auto& input : inputs) { leaves.push_back(input.detach().requires_grad_()); }
    std::string names;
    for (auto node = function(leaves).grad_fn(); node;) {
      names += node->name() + " ";
      node = node->num_outputs() > 0 ? node->next_edge(0).function : nullptr;
    }
    return names;
  };
  Tensors maps = {at::randn({6, 8}), at::randn({5, 8}), at::randn({5})};
  EXPECT_THAT(kernel_of(linear_of, maps, Kernels::alternative), HasSubstr("OnednnLinear"));
  EXPECT_THAT(kernel_of(linear_of, maps, Kernels::libtorch), Not(HasSubstr("OnednnLinear")));
  const Tensors tokens(3, at::randn({2, 2, 5, 8}));
  EXPECT_THAT(kernel_of(attention_of, tokens, Kernels::alternative), HasSubstr("AttentionByProducts"));
  EXPECT_THAT(kernel_of(attention_of, tokens, Kernels::libtorch), Not(HasSubstr("AttentionByProducts")));
  // fp64 has no other kernel.
  for (auto& map : maps) { map = map.to(torch::kFloat64); }
  EXPECT_THAT(kernel_of(linear_of, maps, Kernels::alternative), Not(HasSubstr("OnednnLinear")));
}

TEST(Kernels, LinearEqualsLibtorchsForTwoAndThreeDimensions) {
  torch::manual_seed(1);
  expect_same_results(linear_of, {at::randn({196, 384}), at::randn({576, 384}), at::randn({576})});
  expect_same_results(linear_of, {at::randn({4, 50, 192}), at::randn({33, 192}), at::randn({33})});
}

TEST(Kernels, LinearTakesViewsAndNoBias) {
  torch::manual_seed(1);
  const auto rows = [](const Tensors& in) {
    return kernels::linear(in[0].narrow(1, 3, 40), in[1].narrow(0, 64, 128), {});
  };
  expect_same_results(rows, {at::randn({4, 50, 192}), at::randn({256, 192})});
  const auto one_of_each = [](const Tensors& in) { return kernels::linear(in[0].select(1, 7), in[1], {}); };
  expect_same_results(one_of_each, {at::randn({40, 50, 64}), at::randn({96, 64})});
  const auto columns = [](const Tensors& in) { return kernels::linear(in[0], in[1].narrow(1, 16, 64), {}); };
  expect_same_results(columns, {at::randn({40, 64}), at::randn({96, 128})});
  const auto transposed = [](const Tensors& in) { return kernels::linear(in[0].t(), in[1], {}); };
  expect_same_results(transposed, {at::randn({192, 70}), at::randn({96, 192})});
}

/// Calls of oneDNN's operator on this thread while it lives.
class OnednnCalls {
 public:
  OnednnCalls() : handle_(at::addThreadLocalCallback(at::RecordFunctionCallback(count))) { calls = 0; }
  ~OnednnCalls() { at::removeCallback(handle_); }
  OnednnCalls(const OnednnCalls&) = delete;
  OnednnCalls& operator=(const OnednnCalls&) = delete;
  static int number() { return calls; }

 private:
  static std::unique_ptr<at::ObserverContext> count(const at::RecordFunction& function) {
    calls += std::string_view(function.name()) == "mkldnn::_linear_pointwise" ? 1 : 0;
    return nullptr;
  }
  static inline thread_local int calls = 0;
  at::CallbackHandle handle_;
};

TEST(Kernels, LinearComputesTheGradientsThatAreWantedAlone) {
  const WithKernels with(Kernels::alternative);
  const auto calls = [](bool of_x, bool of_weight, bool of_bias) {
    const auto x = at::randn({8, 16}).requires_grad_(of_x), weight = at::randn({4, 16}).requires_grad_(of_weight);
    const auto bias = at::randn({4}).requires_grad_(of_bias);
    const OnednnCalls counter;
    kernels::linear(x, weight, bias).sum().backward();
    if (of_x) { EXPECT_TRUE(x.grad().allclose(weight.detach().sum(0).expand({8, 16}), 1e-5, 1e-5)); }
    if (of_weight) { EXPECT_TRUE(weight.grad().allclose(x.detach().sum(0).expand({4, 16}), 1e-5, 1e-5)); }
    if (of_bias) { EXPECT_TRUE(bias.grad().equal(at::ones_like(bias) * 8)); }
    return OnednnCalls::number();
  };
  EXPECT_EQ(calls(true, true, true), 3);
  EXPECT_EQ(calls(true, false, false), 2);
  EXPECT_EQ(calls(false, true, false), 2);
  EXPECT_EQ(calls(false, false, true), 1);
}

TEST(Kernels, AnEmptyBatchIsAllowed) {
  const WithKernels with(Kernels::alternative);
  const auto weight = at::randn({4, 16}).requires_grad_();
  const auto y = kernels::linear(at::randn({0, 16}), weight, at::randn({4}));
  EXPECT_EQ(y.sizes(), (std::vector<int64_t>{0, 4}));
  y.sum().backward();
  EXPECT_EQ(weight.grad().abs().max().item<float>(), 0);
}

TEST(Kernels, GeluOfLinearIsTheExactOneFusedOrNot) {
  torch::manual_seed(1);
  const auto gelu = [](const Tensors& in) { return kernels::gelu_of_linear(in[0], in[1], in[2]); };
  const Tensors inputs = {at::randn({64, 96}), at::randn({80, 96}), at::randn({80})};
  expect_same_results(gelu, inputs);
  const auto exact =
      at::gelu(at::linear(inputs[0].to(torch::kFloat64), inputs[1].to(torch::kFloat64), inputs[2].to(torch::kFloat64)));
  const torch::NoGradGuard no_grad;
  const WithKernels with(Kernels::alternative);
  const auto fused = gelu(inputs);
  EXPECT_LE((fused - exact).abs().max().item<double>(), 2e-6 * exact.abs().max().item<double>());
}

TEST(Kernels, PointwiseConvolutionEqualsLibtorchsInBothMemoryFormats) {
  torch::manual_seed(1);
  const auto convolution = [](const Tensors& in) { return kernels::pointwise_convolution(in[0], in[1], in[2]); };
  const Tensors inputs = {at::randn({3, 48, 9, 7}), at::randn({40, 48, 1, 1}), at::randn({40})};
  expect_same_results(convolution, inputs);
  const auto last = [](const Tensors& in) {
    return kernels::pointwise_convolution(in[0].contiguous(at::MemoryFormat::ChannelsLast), in[1], {});
  };
  expect_same_results(last, {inputs[0], inputs[1]});
}

TEST(Kernels, AttentionByProductsEqualsTheFusedOneInFp32) {
  torch::manual_seed(1);
  expect_same_results(attention_of, {at::randn({2, 3, 50, 64}), at::randn({2, 3, 50, 64}), at::randn({2, 3, 50, 64})});
  const auto mask = at::rand({2, 1, 1, 33}).gt(0.3);
  const auto masked = [&](const Tensors& in) { return kernels::attention(in[0], in[1], in[2], mask); };
  expect_same_results(masked, {at::randn({2, 3, 20, 16}), at::randn({2, 3, 33, 16}), at::randn({2, 3, 33, 16})});
}

TEST(Kernels, AttentionOfManyTokensIsComputedInPartsAndAgain) {
  torch::manual_seed(1);
  const auto draw = [](int64_t heads, int64_t tokens) { return at::randn({2, heads, tokens, 16}); };
  const auto mask = at::rand({2, 1, 1, 200}).gt(0.3);
  const auto masked = [&](const Tensors& in) { return kernels::attention(in[0], in[1], in[2], mask); };
  expect_same_results(masked, {draw(3, 180), draw(3, 200), draw(3, 200)});
  // More weights than are kept for the backward.
  expect_same_results(attention_of, {draw(9, 970), draw(9, 970), draw(9, 970)});
}

/// Root mean square, over the result and its gradients, of the error relative to fp64.
double bf16_error(const Function& function, const Tensors& inputs, Kernels choice) {
  const auto ours = derived(function, inputs, choice, torch::kBFloat16);
  const auto exact = derived(function, inputs, Kernels::libtorch, torch::kFloat64);
  double sum = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    const auto difference = ours[i].to(torch::kFloat64) - exact[i];
    sum += difference.square().sum().item<double>() / exact[i].square().sum().item<double>();
  }
  return std::sqrt(sum / static_cast<double>(ours.size()));
}

TEST(Kernels, AMaskHidesKeysInBf16Too) {
  const WithKernels with(Kernels::alternative);
  torch::manual_seed(1);
  const auto draw = [] { return at::randn({2, 3, 9, 16}).to(torch::kBFloat16); };
  const auto q = draw(), k = draw(), v = draw();
  const auto mask = at::arange(9).lt(5).view({1, 1, 1, 9}).expand({2, 1, 1, 9});
  const auto first = [](const torch::Tensor& x) { return x.narrow(2, 0, 5); };
  const auto hidden = kernels::attention(q, k, v, mask), cut = kernels::attention(q, first(k), first(v), {});
  EXPECT_TRUE(hidden.allclose(cut, 1e-2, 1e-2));
}

TEST(Kernels, AttentionByProductsInBf16IsNoWorseThanTheFusedOne) {
  // In parts of rows at 301, of queries at 700.
  for (const auto& [heads, tokens] : {std::pair<int64_t, int64_t>{6, 50}, {3, 197}, {3, 257}, {3, 301}, {1, 700}}) {
    for (const double spread : {0.3, 1.0, 2.0}) {  // scores of standard deviation 0.09, 1 and 4
      torch::manual_seed(1);
      const auto draw = [&](double deviation) {
        return at::randn({tokens < 256 ? 8 : 2, heads, tokens, 64}).mul(deviation).to(torch::kBFloat16);
      };
      const Tensors inputs = {draw(spread), draw(spread), draw(1)};
      const double ours = bf16_error(attention_of, inputs, Kernels::alternative);
      const double fused = bf16_error(attention_of, inputs, Kernels::libtorch);
      EXPECT_LE(ours, 1.01 * fused) << tokens << " tokens, spread " << spread;
      EXPECT_GT(ours, 0);
    }
  }
}

TEST(Kernels, LinearInBf16IsNoWorseThanLibtorchs) {
  torch::manual_seed(1);
  const auto draw = [](std::vector<int64_t> sizes) { return at::randn(sizes).to(torch::kBFloat16); };
  const Tensors inputs = {draw({3, 70, 192}), draw({96, 192}), draw({96})};
  for (const Function& function : {Function(linear_of), Function([](const Tensors& in) {
                                     return kernels::linear(in[0].narrow(1, 5, 40), in[1], {}) + in[2];
                                   })}) {
    const double ours = bf16_error(function, inputs, Kernels::alternative);
    EXPECT_LE(ours, 1.01 * bf16_error(function, inputs, Kernels::libtorch));
    EXPECT_GT(ours, 0);
  }
  const auto gelu = [&](Kernels choice) {
    const torch::NoGradGuard no_grad;
    const WithKernels with(choice);
    return kernels::gelu_of_linear(inputs[0], inputs[1], inputs[2]).to(torch::kFloat64);
  };
  Tensors exact;
  for (const auto& input : inputs) { exact.push_back(input.to(torch::kFloat64)); }
  const auto wanted = at::gelu(at::linear(exact[0], exact[1], exact[2]));
  const auto error = [&](Kernels choice) { return (gelu(choice) - wanted).norm().item<double>(); };
  EXPECT_LE(error(Kernels::alternative), error(Kernels::libtorch));
}

/// d(|gradient|^2) by each input: what an inner loop asks for.
Tensors second_derivatives(const Function& function, const Tensors& inputs, Kernels choice, torch::ScalarType type) {
  const WithKernels with(choice);
  Tensors leaves;
  for (const auto& input : inputs) { leaves.push_back(input.detach().to(type).requires_grad_()); }
  const auto result = function(leaves);
  const auto first = torch::autograd::grad({result.square().sum()}, leaves, {}, /*retain_graph=*/true,
                                           /*create_graph=*/true);
  torch::Tensor norm;
  for (const auto& gradient : first) {
    const auto square = gradient.square().sum();
    norm = norm.defined() ? norm + square : square;
  }
  return torch::autograd::grad({norm}, leaves);
}

void expect_second_derivatives(const Function& function, const Tensors& inputs, const Function& plain) {
  const auto ours = second_derivatives(function, inputs, Kernels::alternative, torch::kFloat32);
  const auto exact = second_derivatives(plain, inputs, Kernels::libtorch, torch::kFloat64);
  for (size_t i = 0; i < ours.size(); ++i) {
    const double largest = exact[i].abs().max().item<double>();
    EXPECT_GT(largest, 0);
    EXPECT_LE((ours[i] - exact[i]).abs().max().item<double>(), 1e-4 * largest) << "input " << i;
  }
}

TEST(Kernels, EveryLayerCanBeDifferentiatedTwice) {
  torch::manual_seed(1);
  expect_second_derivatives(linear_of, {at::randn({6, 8}), at::randn({5, 8}), at::randn({5})}, linear_of);
  const auto gelu = [](const Tensors& in) { return kernels::gelu_of_linear(in[0], in[1], in[2]); };
  expect_second_derivatives(gelu, {at::randn({6, 8}), at::randn({5, 8}), at::randn({5})}, gelu);
  const auto convolution = [](const Tensors& in) { return kernels::pointwise_convolution(in[0], in[1], in[2]); };
  expect_second_derivatives(convolution, {at::randn({2, 4, 3, 3}), at::randn({5, 4, 1, 1}), at::randn({5})},
                            convolution);
  // The fused kernel has no second derivative on the CPU: the definition is the reference.
  const auto defined = [](const Tensors& in) {
    return in[0].matmul(in[1].transpose(-2, -1)).div(std::sqrt(8.0)).softmax(-1).matmul(in[2]);
  };
  expect_second_derivatives(attention_of, {at::randn({2, 2, 5, 8}), at::randn({2, 2, 5, 8}), at::randn({2, 2, 5, 8})},
                            defined);
  expect_second_derivatives(attention_of, Tensors(3, at::randn({1, 2, 190, 8})), defined);
}

TEST(Kernels, NormsCanBeDifferentiatedTwice) {
  torch::manual_seed(1);
  const auto x = at::randn({4, 3, 5, 5});
  const auto batch_norm = [](const Tensors& in) {
    BatchNorm layer(3);
    layer.to(in[0].scalar_type());
    return layer.forward(in[0]).pow(3);
  };
  expect_second_derivatives(batch_norm, {x}, batch_norm);
  const auto layer_norm = [](const Tensors& in) {
    LayerNorm layer(5);
    layer.to(in[0].scalar_type());
    return layer.forward(in[0]).pow(3);
  };
  expect_second_derivatives(layer_norm, {x}, layer_norm);
}

TEST(Kernels, DefaultIsLibtorchsOwnToTheBit) {
  const WithKernels with(Kernels::libtorch);
  torch::manual_seed(1);
  const auto x = at::randn({128, 64}), weight = at::randn({256, 64}), bias = at::randn({256});
  EXPECT_TRUE(kernels::linear(x, weight, bias).equal(at::linear(x, weight, bias)));
  EXPECT_TRUE(kernels::gelu_of_linear(x, weight, bias).equal(at::gelu(at::linear(x, weight, bias))));
  const auto image = at::randn({2, 64, 5, 5}), filter = weight.view({256, 64, 1, 1});
  EXPECT_TRUE(kernels::pointwise_convolution(image, filter, bias).equal(at::conv2d(image, filter, bias)));
}

}  // namespace
}  // namespace realface::models
