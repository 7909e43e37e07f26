#include "models/cnn/cnn.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/relu.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/cnn/description.h"
#include "tests/models/close.h"

namespace realface::models {
namespace {

TEST(Cnn, IsConvolutionsNormsAndAMeanInTurn) {
  const torch::NoGradGuard no_grad;
  CnnImpl cnn({.image = 16, .width = 4}, 1);
  cnn.eval();
  auto parameters = cnn.named_parameters();
  auto buffers = cnn.named_buffers();
  for (auto& item : buffers) { item.value().uniform_(0.5, 1.5); }
  const auto pictures = at::randn({2, 3, 16, 16});
  auto x = pictures;
  for (const auto* number : {"1", "2", "3", "4"}) {
    const auto conv = "conv" + std::string(number), norm = "bn" + std::string(number);
    x = at::conv2d(x, parameters[conv + ".weight"], {}, number[0] == '1' ? 1 : 2, 1);
    const auto scale = parameters[norm + ".weight"] / (buffers[norm + ".running_var"] + 1e-5).sqrt();
    const auto of_channels = [](const torch::Tensor& values) { return values.view({1, -1, 1, 1}); };
    x = at::relu((x - of_channels(buffers[norm + ".running_mean"])) * of_channels(scale) +
                 of_channels(parameters[norm + ".bias"]));
  }
  EXPECT_EQ(x.sizes(), (std::vector<int64_t>{2, 24, 2, 2}));
  const auto logits = x.mean({2, 3}).matmul(parameters["fc.weight"].t()) + parameters["fc.bias"];
  expect_close(cnn.forward(pictures), logits, "logits");
}

TEST(Cnn, HasAFifthOfAMillionParameters) {
  const CnnImpl cnn(CnnConfig{});
  int64_t count = 0;
  for (const auto& parameter : cnn.parameters()) { count += parameter.numel(); }
  EXPECT_NEAR(static_cast<double>(count), 0.18e6, 0.02e6);
}

TEST(Cnn, DescribesItselfAndIsInitialisedBySeed) {
  const CnnConfig config{.image = 32, .width = 5};
  const auto written = describe(config);
  EXPECT_EQ(describe(cnn_description(nlohmann::json::parse(written.dump()))), written);
  EXPECT_THROW((void)cnn_description({{"architecture", "vit"}}), Error);
  const CnnImpl a(config, 1), b(config, 1), c(config, 2);
  const auto of = [](const CnnImpl& cnn) { return cnn.named_parameters()["conv3.weight"]; };
  EXPECT_TRUE(of(a).equal(of(b)));
  EXPECT_FALSE(of(a).equal(of(c)));
}

}  // namespace
}  // namespace realface::models
