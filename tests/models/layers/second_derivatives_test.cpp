#include <ATen/ops/conv2d.h>
#include <ATen/ops/native_batch_norm.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>

#include "models/layers/convolution.h"
#include "models/layers/normalised.h"
#include "tests/models/close.h"

/// Second derivatives of our own against libtorch's, in fp64.
namespace realface::models {
namespace {

using Tensors = std::vector<torch::Tensor>;
using Function = std::function<torch::Tensor(const Tensors&)>;

/// The result, its gradients by the inputs `inner` (as an inner step asks for them), and what an outer step makes of
/// them: the gradients by all inputs of the result's and those gradients' products with fixed factors.
Tensors all_derivatives(const Function& function, const Tensors& inputs, const std::vector<size_t>& inner) {
  Tensors leaves, wanted;
  for (const auto& input : inputs) { leaves.push_back(input.detach().clone().requires_grad_()); }
  for (const size_t i : inner) { wanted.push_back(leaves[i]); }
  torch::manual_seed(5);
  const auto result = function(leaves);
  const auto first = torch::autograd::grad({result.square().mean()}, wanted, {}, true, /*create_graph=*/true);
  auto outer = (result * at::randn(result.sizes(), torch::kFloat64)).sum();
  for (const auto& gradient : first) {
    outer = outer + (gradient * at::randn(gradient.sizes(), torch::kFloat64)).sum();
  }
  Tensors all{result};
  all.insert(all.end(), first.begin(), first.end());
  const auto second = torch::autograd::grad({outer}, leaves);
  all.insert(all.end(), second.begin(), second.end());
  return all;
}

void expect_same(const Function& ours, const Function& libtorchs, const Tensors& inputs,
                 const std::vector<size_t>& inner) {
  const auto mine = all_derivatives(ours, inputs, inner), theirs = all_derivatives(libtorchs, inputs, inner);
  ASSERT_EQ(mine.size(), theirs.size());
  for (size_t i = 0; i < mine.size(); ++i) {
    const double largest = theirs[i].abs().max().item<double>();
    ASSERT_GT(largest, 0) << "derivative " << i;
    EXPECT_LE((mine[i] - theirs[i]).abs().max().item<double>(), 1e-12 * largest) << "derivative " << i;
  }
}

torch::Tensor drawn(std::vector<int64_t> sizes) { return at::randn(sizes, torch::kFloat64); }

TEST(SecondDerivatives, ConvolutionHasLibtorchsOfAllInputs) {
  struct Case {
    int64_t kernel, stride, padding;
  };
  for (const auto& [kernel, stride, padding] : {Case{3, 1, 1}, {1, 1, 0}, {1, 2, 0}, {3, 2, 1}, {7, 2, 3}}) {
    torch::manual_seed(kernel);
    const auto ours = [&](const Tensors& in) { return convolution(in[0], in[1], stride, padding); };
    const auto libtorchs = [&](const Tensors& in) { return at::conv2d(in[0], in[1], {}, stride, padding); };
    const Tensors inputs = {drawn({2, 3, 9, 8}), drawn({4, 3, kernel, kernel})};
    const Tensors channels_last = {inputs[0].contiguous(at::MemoryFormat::ChannelsLast), inputs[1]};
    for (const std::vector<size_t>& inner : {std::vector<size_t>{0, 1}, {1}, {0}}) {
      SCOPED_TRACE(testing::Message() << "kernel " << kernel << ", stride " << stride << ", " << inner.size());
      expect_same(ours, libtorchs, inputs, inner);
      expect_same(ours, libtorchs, channels_last, inner);
    }
  }
}

TEST(SecondDerivatives, ConvolutionsGradientsKeepTheMemoryFormat) {
  torch::manual_seed(1);
  const auto x = at::randn({2, 8, 6, 6}).contiguous(at::MemoryFormat::ChannelsLast).requires_grad_();
  const auto weight = at::randn({8, 8, 3, 3}).requires_grad_();
  const auto first = torch::autograd::grad({convolution(x, weight, 1, 1).square().sum()}, {x, weight}, {}, true, true);
  const auto second = torch::autograd::grad({first[0].square().sum() + first[1].square().sum()}, {x});
  EXPECT_TRUE(first[0].is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(second[0].is_contiguous(at::MemoryFormat::ChannelsLast));
}

TEST(SecondDerivatives, BatchNormHasLibtorchsOfAllInputs) {
  const auto ours = [](const Tensors& in) { return normalised_by_batch(in[0], in[1], in[2], 1e-5).out; };
  const auto libtorchs = [](const Tensors& in) {
    return std::get<0>(at::native_batch_norm(in[0], in[1], in[2], {}, {}, true, 0, 1e-5));
  };
  torch::manual_seed(1);
  Tensors inputs = {drawn({3, 4, 5, 2}) * 2 + 1, drawn({4}), drawn({4})};
  inputs[1].narrow(0, 2, 1).zero_();  // a weight by which nothing may be divided
  for (const std::vector<size_t>& inner : {std::vector<size_t>{0, 1, 2}, {1, 2}, {0}}) {
    expect_same(ours, libtorchs, inputs, inner);
  }
  inputs[0] = inputs[0].contiguous(at::MemoryFormat::ChannelsLast);
  expect_same(ours, libtorchs, inputs, {0, 1, 2});
  expect_same(ours, libtorchs, {drawn({6, 4}), inputs[1], inputs[2]}, {0, 1, 2});
}

TEST(SecondDerivatives, BatchNormRefusesAThird) {
  const auto x = drawn({3, 4, 2, 2}).requires_grad_(), weight = drawn({4}).requires_grad_();
  const auto out = normalised_by_batch(x, weight, drawn({4}), 1e-5).out;
  const auto first = torch::autograd::grad({out.square().sum()}, {x}, {}, true, true);
  EXPECT_THROW(torch::autograd::grad({first[0].square().sum()}, {x}, {}, true, true), std::exception);
}

}  // namespace
}  // namespace realface::models
