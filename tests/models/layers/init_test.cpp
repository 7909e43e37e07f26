#include "models/layers/init.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <cmath>

#include "models/mae/mae.h"

namespace realface::models {
namespace {

TEST(Init, XavierFillsItsIntervalEvenly) {
  auto weight = torch::zeros({300, 3, 10, 10});
  init_xavier(weight, 7, "weight");
  const double bound = std::sqrt(6.0 / 600.0);
  EXPECT_LE(weight.abs().max().item<double>(), bound);
  EXPECT_GE(weight.abs().max().item<double>(), 0.999 * bound);
  // 90,000 draws: deviations of mean and deviation are near 1/sqrt(90000) of the deviation.
  EXPECT_NEAR(weight.mean().item<double>(), 0.0, 4 * bound / std::sqrt(3.0) / 300.0);
  EXPECT_NEAR(weight.std().item<double>(), bound / std::sqrt(3.0), 0.01 * bound);
}

TEST(Init, NormalHasItsDeviationAndTails) {
  auto token = torch::zeros({1, 1, 50000});
  init_normal(token, 0.02, 7, "cls_token");
  EXPECT_NEAR(token.mean().item<double>(), 0.0, 4 * 0.02 / std::sqrt(50000.0));
  EXPECT_NEAR(token.std().item<double>(), 0.02, 4e-4);
  const double outside = (token.abs() > 0.04).to(torch::kFloat64).mean().item<double>();
  EXPECT_NEAR(outside, 0.0455, 0.005);
}

TEST(Init, DependsOnSeedAndNameAndOnNothingElse) {
  const auto draw = [](uint64_t seed, const std::string& name) {
    auto weight = torch::zeros({64, 16});
    init_xavier(weight, seed, name);
    return weight;
  };
  EXPECT_TRUE(draw(1, "a").equal(draw(1, "a")));
  EXPECT_FALSE(draw(1, "a").equal(draw(2, "a")));
  EXPECT_FALSE(draw(1, "a").equal(draw(1, "b")));
  const int threads = at::get_num_threads();
  const auto first = draw(1, "a");
  at::set_num_threads(threads == 1 ? 2 : 1);
  EXPECT_TRUE(draw(1, "a").equal(first));
  at::set_num_threads(threads);
}

TEST(Init, TheAutoencoderStartsAsTheReferenceDoes) {
  const MaeImpl mae(mae_preset("tiny"), 3);
  const auto parameters = mae.named_parameters();
  for (const auto& item : parameters) {
    const std::string& name = item.key();
    const auto& value = item.value();
    if (name.find("norm") != std::string::npos) {
      EXPECT_TRUE((value == (name.ends_with("weight") ? 1.0 : 0.0)).all().item<bool>()) << name;
    } else if (name == "patch_embed.proj.bias") {
      // PyTorch's convolution default, U(+-1/sqrt(768)); MAE leaves it alone.
      EXPECT_LE(value.abs().max().item<double>(), 1 / std::sqrt(768.0));
      EXPECT_GT(value.abs().max().item<double>(), 0.9 / std::sqrt(768.0));
    } else if (name.ends_with("bias")) {
      EXPECT_EQ(value.abs().max().item<double>(), 0.0) << name;
    }
  }
  // qkv counts as one matrix of 3D rows.
  const double bound = std::sqrt(6.0 / (4 * 192));
  const double largest = parameters["blocks.3.attn.qkv.weight"].abs().max().item<double>();
  EXPECT_LE(largest, bound);
  EXPECT_GT(largest, 0.99 * bound);
  EXPECT_NEAR(parameters["cls_token"].std().item<double>(), 0.02, 0.004);
  EXPECT_NEAR(parameters["mask_token"].std().item<double>(), 0.02, 0.004);
  EXPECT_FALSE(parameters["pos_embed"].requires_grad());
}

}  // namespace
}  // namespace realface::models
