#include "stages/training/optimizer.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "stages/training/gradient_clip.h"

namespace realface::stages {
namespace {

const std::vector<std::string> kNames{"layer.weight", "layer.bias"};

nlohmann::json fixture() {
  return nlohmann::json::parse(read_file(std::string(REALFACE_FIXTURES) + "/adamw_fixture.json"));
}

torch::Tensor tensor_of(const nlohmann::json& numbers, const nlohmann::json& shape) {
  return at::tensor(numbers.get<std::vector<float>>()).reshape(shape.get<std::vector<int64_t>>());
}

double distance(const torch::Tensor& a, const torch::Tensor& b) { return (a - b).abs().max().item<double>(); }

torch::Tensor no_skip() { return at::zeros({1}); }

std::map<std::string, torch::Tensor> by_name(const Optimizer& optimizer) {
  std::map<std::string, torch::Tensor> tensors;
  for (const auto& slice : optimizer.tensors()) { tensors[slice.name] = slice.tensor; }
  return tensors;
}

class AgainstPyTorch : public testing::TestWithParam<std::string> {};

TEST_P(AgainstPyTorch, TakesTheSameSteps) {
  const auto file = fixture();
  const auto& expected = file.at(GetParam());
  std::vector<Optimizer::Named> parameters;
  std::vector<torch::Tensor> working;
  for (const auto& name : kNames) {
    parameters.emplace_back(name, tensor_of(expected.at("initial").at(name), file.at("shapes").at(name)));
    parameters.back().second.requires_grad_();
    working.push_back(parameters.back().second);
  }
  OptimizerConfig config;
  config.kind = GetParam();
  Optimizer optimizer(config, parameters, working);
  for (const auto& step : expected.at("steps")) {
    std::vector<torch::Tensor> flat;
    for (const auto& [name, parameter] : parameters) {
      parameter.mutable_grad() = tensor_of(step.at("gradients").at(name), file.at("shapes").at(name));
      flat.push_back(parameter.grad().reshape({-1}));
    }
    const auto norm = gradient_norm(flat);
    EXPECT_NEAR(norm.item<double>(), step.at("norm").get<double>(), 1e-6);
    optimizer.step(step.at("lr"), clip_divisor(norm, step.at("clip")), not_finite(norm));
    for (const auto& [name, parameter] : parameters) {
      const auto wanted = tensor_of(step.at("parameters").at(name), file.at("shapes").at(name));
      EXPECT_LE(distance(parameter.detach(), wanted), 2e-7) << name;
    }
  }
  const auto state = by_name(optimizer);
  for (const auto& name : kNames) {
    for (const auto* moment : {"exp_avg", "exp_avg_sq", "momentum"}) {
      ASSERT_EQ(expected.contains(moment), state.contains(name + "." + moment)) << moment;
      if (!expected.contains(moment)) { continue; }
      const auto wanted = tensor_of(expected.at(moment).at(name), file.at("shapes").at(name));
      EXPECT_LE(distance(state.at(name + "." + moment), wanted), 2e-7) << name << " " << moment;
    }
  }
  EXPECT_EQ(state.at("step").item<float>(), 5.0F);
}

INSTANTIATE_TEST_SUITE_P(Kinds, AgainstPyTorch, testing::Values("adamw", "adam", "sgd"),
                         [](const auto& kind) { return kind.param; });

TEST(Optimizer, DecaysMatricesAndTokensButNotBiasesAndNorms) {
  EXPECT_TRUE(Optimizer::mae_rule("blocks.0.attn.qkv.weight", at::zeros({6, 2})).decayed);
  EXPECT_TRUE(Optimizer::mae_rule("cls_token", at::zeros({1, 1, 8})).decayed);
  EXPECT_FALSE(Optimizer::mae_rule("blocks.0.norm1.weight", at::zeros({8})).decayed);
  EXPECT_FALSE(Optimizer::mae_rule("blocks.0.attn.qkv.bias", at::zeros({8})).decayed);
  EXPECT_FALSE(Optimizer::mae_rule("odd.bias", at::zeros({8, 8})).decayed);
}

TEST(Optimizer, SkippedUpdateChangesNothing) {
  auto parameter = at::ones({2, 2}).requires_grad_();
  parameter.mutable_grad() = at::full({2, 2}, std::nan(""));
  Optimizer optimizer({}, {{"w", parameter}}, {parameter});
  optimizer.step(0.1, {}, at::ones({1}));
  EXPECT_TRUE(at::equal(parameter.detach(), at::ones({2, 2})));
  for (const auto& [name, tensor] : by_name(optimizer)) { EXPECT_EQ(tensor.abs().sum().item<float>(), 0.0F) << name; }
  // The next update counts as the first: its bias correction must not know of the skipped one.
  parameter.mutable_grad() = at::ones({2, 2});
  OptimizerConfig config;
  optimizer.step(0.1, {}, no_skip());
  const double expected = 1.0 - 0.1 * config.weight_decay - 0.1;
  EXPECT_NEAR(parameter.detach()[0][0].item<double>(), expected, 1e-6);
}

TEST(Optimizer, Bf16CopiesFollowTheirFp32Masters) {
  auto master = at::ones({4, 4}).requires_grad_();
  auto copy = master.detach().to(torch::kBFloat16).requires_grad_();
  copy.set_grad_dtype(torch::kFloat32);
  copy.mutable_grad() = at::ones({4, 4});
  Optimizer optimizer({}, {{"w", master}}, {copy});
  // Steps far below the spacing of bf16 near 1 (1/128): they must add up in the master.
  for (int i = 0; i < 20; ++i) { optimizer.step(1e-3, {}, no_skip()); }
  EXPECT_NEAR(master.detach()[0][0].item<double>(), std::pow(1 - 5e-5, 20) - 20e-3, 1e-4);
  EXPECT_TRUE(at::equal(copy.detach(), master.detach().to(torch::kBFloat16)));
}

TEST(Optimizer, RefusesAStateOfAnotherKind) {
  auto parameter = at::ones({2, 2}).requires_grad_();
  Optimizer optimizer({}, {{"w", parameter}}, {parameter});
  EXPECT_THROW(optimizer.restore({{"kind", "adam"}}), CheckpointError);
  EXPECT_NO_THROW(optimizer.restore(optimizer.values()));
}

TEST(Optimizer, RefusesMastersThatAreNotFp32) {
  auto parameter = at::ones({2, 2}).to(torch::kBFloat16).requires_grad_();
  EXPECT_THROW(Optimizer({}, {{"w", parameter}}, {parameter}), Error);
}

}  // namespace
}  // namespace realface::stages
