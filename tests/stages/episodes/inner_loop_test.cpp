#include "stages/episodes/inner_loop.h"

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <array>

#include "models/layers/batch_norm.h"
#include "models/weights/tensor_file.h"

namespace realface::stages {
namespace {

torch::Tensor f64(std::initializer_list<double> values) { return at::tensor(values, torch::kFloat64); }

/// 1/2 x' A x - b' x with A = diag(2, 6), b = (1, -3): gradient A x - b.
torch::Tensor quadratic(const torch::Tensor& x) { return 0.5 * (f64({2, 6}) * x * x).sum() - (f64({1, -3}) * x).sum(); }

torch::Tensor outer_gradient(const InnerConfig& config, const torch::Tensor& x) {
  const auto adapted = adapt(config, {x}, [](const Parameters& p, int64_t) { return quadratic(p.front()); }, {});
  const auto test = (adapted.parameters.front() - f64({4, 5})).square().sum() / 2;
  test.backward();
  return x.grad();
}

TEST(InnerLoop, TheOuterGradientOfAQuadraticIsExact) {
  const auto hessian = f64({2, 6}), target = f64({4, 5});
  for (const int64_t steps : {0, 1, 3}) {
    for (const bool second_order : {true, false}) {
      const auto x = f64({0.7, -1.1}).requires_grad_();
      const auto found = outer_gradient({steps, 0.1, second_order}, x);
      auto after = x.detach().clone();
      auto product = at::ones({2}, torch::kFloat64);
      for (int64_t k = 0; k < steps; ++k) {
        after = after - 0.1 * (hessian * after - f64({1, -3}));
        if (second_order) { product = product * (1 - 0.1 * hessian); }  // d theta' / d theta
      }
      EXPECT_LT((found - product * (after - target)).abs().max().item<double>(), 1e-14) << steps << second_order;
    }
  }
}

TEST(InnerLoop, TheBestStepIsTakenAndOfEqualOnesTheLater) {
  const auto chosen = [](const std::vector<float>& scores) {
    size_t asked = 0;
    const auto x = f64({0.7, -1.1}).requires_grad_();
    const auto adapted = adapt(
        {static_cast<int64_t>(scores.size()), 0.1, true}, {x},
        [](const Parameters& p, int64_t) { return quadratic(p.front()); },
        [&](const Parameters&) {
          EXPECT_FALSE(at::GradMode::is_enabled());
          return at::tensor(scores[asked++]);
        });
    return adapted.step;
  };
  EXPECT_EQ(chosen({0.5F, 0.75F, 0.6F}), 2);
  EXPECT_EQ(chosen({0.5F, 0.75F, 0.75F, 0.25F}), 3);
  EXPECT_EQ(chosen({0.5F, 0.5F}), 2);
  EXPECT_EQ(chosen({0.9F, 0.5F}), 1);
}

/// The episode of fixtures/mapping_net_fixture.py, which `higher` and a hand-written loop computed.
class EpisodeOracle : public ::testing::Test {
 protected:
  void begin() {
    head_.clear();
    for (const auto* name : kHead) { head_.push_back(weight("theta." + std::string(name))); }
    phi_ = weight("phi.conv.weight");
  }
  torch::Tensor weight(const std::string& name) const {
    return file_.tensors.at("weight/" + name).clone().requires_grad_();
  }
  const torch::Tensor& at(const std::string& name) const { return file_.tensors.at(name); }

  struct Out {
    torch::Tensor map, logits;
  };
  torch::Tensor features(int64_t domain) const { return at::conv2d(at("images")[domain], phi_, {}, 1, 1).tanh(); }
  static Out forward(const torch::Tensor& features, const Parameters& p) {
    models::BatchNorm norm(3);
    const auto map = norm.forward(at::conv2d(features, p[0], {}, 1, 1), p[1], p[2], models::Statistics::batch).relu();
    return {map, at::linear(at::adaptive_avg_pool2d(map, {4, 4}).flatten(1), p[3], p[4])};
  }
  torch::Tensor both(const Out& out, const std::vector<int64_t>& domains) const {
    std::vector<torch::Tensor> labels, targets;
    for (const int64_t domain : domains) {
      labels.push_back(at("labels")[domain]), targets.push_back(at("targets")[domain]);
    }
    return at::cross_entropy_loss(out.logits, at::cat(labels)) + at::mse_loss(out.map, at::cat(targets));
  }
  torch::Tensor total(bool second_order) const {
    torch::Tensor sum = at::zeros({}, torch::kFloat64);
    for (const int64_t domain : {0, 1}) {
      const auto own = features(domain);
      const auto adapted = adapt({3, 0.5, second_order}, head_,
                                 [&](const Parameters& p, int64_t) {
                                   return at::cross_entropy_loss(forward(own, p).logits, at("labels")[domain]);
                                 },
                                 {});
      sum = sum + both(forward(own, adapted.parameters), {domain});
      const auto joined = at::cat({features(2), features(1 - domain)});
      sum = sum + both(forward(joined, adapted.parameters), {2, 1 - domain});
    }
    return sum;
  }

  static constexpr std::array kHead{"conv.0.weight", "conv.1.weight", "conv.1.bias", "depth_cls.weight",
                                    "depth_cls.bias"};
  models::TensorFile file_ = models::read_tensor_file(REALFACE_FIXTURES "/episode_oracle.safetensors");
  Parameters head_;
  torch::Tensor phi_;
};

TEST_F(EpisodeOracle, LossAndOuterGradientsEqualHighers) {
  for (const bool second_order : {true, false}) {
    begin();
    const auto loss = total(second_order);
    loss.backward();
    EXPECT_NEAR(loss.item<double>(), at("loss").item<double>(), 1e-10);
    const std::string order = second_order ? "gradient/second/" : "gradient/first/";
    EXPECT_LT((phi_.grad() - at(order + "phi.conv.weight")).abs().max().item<double>(), 1e-10) << order;
    for (size_t i = 0; i < kHead.size(); ++i) {
      const auto& expected = at(order + "theta." + kHead[i]);
      EXPECT_LT((head_[i].grad() - expected).abs().max().item<double>(), 1e-10) << order << kHead[i];
    }
  }
}

}  // namespace
}  // namespace realface::stages
