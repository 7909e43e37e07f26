#include "models/lre/lre.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/lre/description.h"
#include "models/xception/description.h"
#include "tests/models/close.h"

namespace realface::models {
namespace {

LreConfig small_lre(const std::string& attention = "product") {
  LreConfig config;
  config.xception = {.size = "small", .image = 64, .classes = 1};
  config.taps = {"block2", "block3", "block5"};
  config.attention = attention;
  return config;
}

TEST(DifferenceMap, IsHalfOfOneMinusTheCosineOverChannels) {
  const auto a = at::randn({2, 5, 3, 4}), b = at::randn({2, 5, 3, 4});
  const auto cosine = (a * b).sum(1, true) / (a.square().sum(1, true) * b.square().sum(1, true)).sqrt();
  expect_close(difference_map(a, b), (1 - cosine) / 2, "map");
  expect_close(difference_map(a, a * 3), at::zeros({2, 1, 3, 4}), "the same direction");
  expect_close(difference_map(a, -a), at::ones({2, 1, 3, 4}), "opposite directions");
  expect_close(difference_map(a, a * 0), at::ones({2, 1, 3, 4}) / 2, "no features");
  EXPECT_GE(difference_map(a, a).min().item<float>(), 0);
}

TEST(DifferenceMaps, OfOnePassAreThoseOfTwo) {
  const torch::NoGradGuard no_grad;
  XceptionImpl extractor({.size = "small", .image = 64}, 1);
  extractor.eval();
  const auto original = at::rand({3, 3, 64, 64}), restored = at::rand({3, 3, 64, 64});
  const auto maps = difference_maps(extractor, {2, 3, 5}, original, restored);
  const auto first = extractor.outputs(original, {2, 3, 5}), second = extractor.outputs(restored, {2, 3, 5});
  ASSERT_EQ(maps.size(), 3U);
  for (size_t i = 0; i < maps.size(); ++i) {
    expect_close(maps[i], difference_map(first[i], second[i]), "tap " + std::to_string(i));
  }
}

/// The network written out: each tapped block's features times the map, or times one and the map.
TEST(Lre, TheNextBlockSeesWhatTheMapLetsPass) {
  const torch::NoGradGuard no_grad;
  for (const std::string attention : {"product", "residual"}) {
    LreImpl network(small_lre(attention), 1);
    network.eval();
    const auto pictures = at::rand({2, 3, 64, 64});
    const std::vector<torch::Tensor> maps{at::rand({2, 1, 15, 15}), at::rand({2, 1, 8, 8}), at::rand({2, 1, 8, 8})};
    const auto expected = network.XceptionImpl::forward(pictures, [&](int64_t block, const torch::Tensor& output) {
      const auto map = block == 2 ? maps[0] : block == 3 ? maps[1] : maps[2];
      const bool tapped = block == 2 || block == 3 || block == 5;
      return !tapped ? output : attention == "product" ? output * map : output + output * map;
    });
    expect_close(network.forward(pictures, maps), expected.select(1, 0), attention);
  }
}

TEST(Lre, NothingPassesWherePicturesAreTheSame) {
  const torch::NoGradGuard no_grad;
  const std::vector<torch::Tensor> nothing{at::zeros({2, 1, 15, 15}), at::zeros({2, 1, 8, 8}), at::zeros({2, 1, 8, 8})};
  const auto pictures = at::rand({2, 3, 64, 64});
  LreImpl product(small_lre(), 1), residual(small_lre("residual"), 1);
  product.eval(), residual.eval();
  const auto logits = product.forward(pictures, nothing);
  EXPECT_EQ(logits[0].item<float>(), logits[1].item<float>());
  expect_close(residual.forward(pictures, nothing), residual.XceptionImpl::forward(pictures).select(1, 0), "residual");
}

/// The gradient through the attention, by central differences of the weight of one block before each tap.
TEST(Lre, ItsGradientIsThatOfItsOutput) {
  auto config = small_lre();
  config.xception.image = 32;
  LreImpl network(config, 1);
  network.to(torch::kFloat64);
  network.eval();
  const auto pictures = at::rand({2, 3, 32, 32}, torch::kFloat64);
  const std::vector<torch::Tensor> maps{at::rand({2, 1, 7, 7}, torch::kFloat64),
                                        at::rand({2, 1, 4, 4}, torch::kFloat64),
                                        at::rand({2, 1, 4, 4}, torch::kFloat64)};
  network.forward(pictures, maps).sum().backward();
  const torch::NoGradGuard no_grad;
  for (const auto* name : {"block1.skipbn.bias", "block3.rep.2.bias", "block5.rep.8.bias", "fc.weight"}) {
    auto parameter = network.named_parameters()[name].flatten();
    const double gradient = network.named_parameters()[name].grad().flatten()[1].item<double>();
    constexpr double kStep = 1e-6;
    auto place = parameter[1];
    place += kStep;
    const double above = network.forward(pictures, maps).sum().item<double>();
    place -= 2 * kStep;
    const double below = network.forward(pictures, maps).sum().item<double>();
    place += kStep;
    EXPECT_NEAR((above - below) / (2 * kStep), gradient, 1e-5 * std::max(1.0, std::abs(gradient))) << name;
  }
}

TEST(Lre, DescribesItself) {
  auto config = small_lre("residual");
  config.key_share = 0.8;
  const auto written = describe(config);
  const auto read = lre_description(nlohmann::json::parse(written.dump()));
  EXPECT_EQ(describe(read), written);
  EXPECT_EQ(read.xception.classes, 1);
  EXPECT_EQ(read.taps, config.taps);
  EXPECT_THROW((void)xception_description(written), Error);
  auto wrong = written;
  wrong["taps"] = {"block2", "block13"};
  EXPECT_THROW(LreImpl{lre_description(wrong)}, Error);
}

TEST(Lre, RefusesTapsThatDoNotExist) {
  auto config = small_lre();
  const auto faults = [&] {
    Faults found;
    const Origins origins;
    Checker checker(origins, found);
    check(config, checker);
    try {
      found.raise();
    } catch (const ConfigError& error) { return std::string(error.what()); }
    return std::string();
  };
  EXPECT_EQ(faults(), "");
  config.taps = {"block2", "block11"};
  EXPECT_NE(faults().find("there is no 'block11'; model.size 'small' has block1 to block6"), std::string::npos);
  config.taps = {"block2", "block2"};
  EXPECT_NE(faults().find("twice"), std::string::npos);
  config.taps = {};
  EXPECT_NE(faults().find("without taps"), std::string::npos);
}

}  // namespace
}  // namespace realface::models
