#include "models/xception/xception.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/rand.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>

#include "base/error.h"
#include "models/weights/tensor_file.h"
#include "models/xception/description.h"
#include "tests/models/close.h"
#include "tests/models/formula.h"

/// Xception against timm's; fixtures/xception_fixture.py makes the file. Weights are filled by a formula that both
/// sides know.
namespace realface::models {
namespace {

void fill_xception(torch::nn::Module& network) {
  const torch::NoGradGuard no_grad;
  for (auto& part : network.named_modules("", /*include_self=*/false)) {
    const bool norm = dynamic_cast<BatchNorm*>(part.value().get()) != nullptr;
    const auto set = [&](const std::string& own, torch::Tensor& value, double about, double spread) {
      value.copy_((about + spread * drawn(part.key() + "." + own, value)).to(torch::kFloat32));
    };
    for (auto& item : part.value()->named_parameters(/*recurse=*/false)) {
      auto& value = item.value();
      if (value.dim() == 4) {
        const auto fan_in = static_cast<double>(value.size(1) * value.size(2) * value.size(3));
        set(item.key(), value, 0, 2 * std::sqrt(6 / fan_in));
      } else {
        set(item.key(), value, norm && item.key() == "weight" ? 1 : 0, norm ? 0.2 : 0.1);
      }
    }
    for (auto& item : part.value()->named_buffers(false)) {
      const bool variance = item.key() == "running_var";
      set(item.key(), item.value(), variance ? 16 : 0, variance ? 8 : 0.2);
    }
  }
}

torch::Tensor waves(int64_t count, int64_t side) {
  const auto along = [](int64_t n, at::IntArrayRef shape) { return at::arange(n, torch::kFloat64).view(shape); };
  const auto b = along(count, {-1, 1, 1, 1}), c = along(3, {1, -1, 1, 1});
  const auto y = along(side, {1, 1, -1, 1}), x = along(side, {1, 1, 1, -1});
  return ((0.05 * x * (c + 1)).sin() * (0.03 * y * (1 + b)).cos() + 0.1 * b).to(torch::kFloat32);
}

/// With and without gradients: without them, norms are folded into the products.
class XceptionOracle : public ::testing::TestWithParam<bool> {
 protected:
  const torch::Tensor& at(const std::string& name) const { return file_.tensors.at(name); }

  TensorFile file_ = read_tensor_file(REALFACE_FIXTURES "/xception_oracle.safetensors");
};

TEST_P(XceptionOracle, BlocksAndLogitsOfFullSizeEqualTimms) {
  const at::AutoGradMode gradients(GetParam());
  XceptionImpl network({.classes = 1000});
  fill_xception(network);
  network.eval();
  const auto pictures = waves(1, 224);
  int64_t last = 0;
  const auto logits = network.forward(pictures, [&](int64_t block, const torch::Tensor& output) {
    const auto where = "full/block" + std::to_string(block);
    EXPECT_EQ(block, ++last);
    expect_close(sampled(output.contiguous(), 512), at(where + "/sample"), where);
    expect_close(output.mean({0, 2, 3}), at(where + "/channel_mean"), where + " means");
    return output;
  });
  EXPECT_EQ(last, 12);
  expect_close(logits, at("full/logits"), "logits");
  const auto taps = network.outputs(pictures.contiguous(at::MemoryFormat::ChannelsLast), {2, 3, 11});
  ASSERT_EQ(taps.size(), 3U);
  EXPECT_EQ(taps[0].sizes(), (std::vector<int64_t>{1, 256, 28, 28}));
  EXPECT_EQ(taps[1].sizes(), (std::vector<int64_t>{1, 728, 14, 14}));
  expect_close(sampled(taps[0].contiguous(), 512), at("full/block2/sample"), "channels last, block 2");
  expect_close(sampled(taps[2].contiguous(), 512), at("full/block11/sample"), "channels last, block 11");
}

INSTANTIATE_TEST_SUITE_P(Gradients, XceptionOracle, testing::Bool());

TEST(XceptionTraining, LogitsAndGradientsEqualTimms) {
  const auto oracle = read_tensor_file(REALFACE_FIXTURES "/xception_oracle.safetensors");
  const auto at = [&](const std::string& name) { return oracle.tensors.at(name); };
  XceptionImpl network({.classes = 1000});
  fill_xception(network);
  const auto logits = network.forward(waves(4, 43));
  const auto loss = logits.square().mean();
  loss.backward();
  expect_close(logits, at("train/logits"), "logits");
  expect_close(loss, at("train/loss"), "loss");
  std::map<std::string, torch::Tensor> sorted;
  for (const auto& item : network.named_parameters()) { sorted[item.key()] = item.value(); }
  const auto norms = at("train/gradient_norms");
  ASSERT_EQ(norms.size(0), static_cast<int64_t>(sorted.size()));
  int64_t i = 0;
  constexpr double kRounding = 5e-3;  // of fp32 through 36 norms by few pixels: libtorch has no fast depthwise fp64
  for (const auto& [name, parameter] : sorted) {
    const double theirs = norms[i++].item<double>();
    const double off = std::abs(parameter.grad().norm().item<double>() - theirs) / std::max(1.0, theirs);
    EXPECT_LE(off, kRounding) << name;
  }
}

TEST(Xception, HasTimmsNamesAndShapes) {
  std::map<std::string, std::string> ours, theirs;
  for (const auto& item : XceptionImpl({.classes = 1000}).named_parameters()) {
    for (const int64_t size : item.value().sizes()) { ours[item.key()] += " " + std::to_string(size); }
  }
  std::ifstream list(REALFACE_FIXTURES "/xception_parameters.txt");
  for (std::string name, shape; list >> name && std::getline(list, shape);) { theirs[name] = shape; }
  EXPECT_EQ(ours, theirs);
}

TEST(Xception, HasThePublishedNumberOfParameters) {
  for (const auto& [classes, expected] : {std::pair{0, 20'806'952}, {1, 20'809'001}, {1000, 22'855'952}}) {
    int64_t sum = 0;
    for (const auto& parameter : XceptionImpl({.classes = classes}).parameters()) { sum += parameter.numel(); }
    EXPECT_EQ(sum, expected) << classes << " classes";
  }
}

XceptionConfig small_xception(int64_t classes) { return {.size = "small", .image = 64, .classes = classes}; }

TEST(Xception, TheSmallOneLooksAtSmallPicturesAndUsesEveryParameter) {
  XceptionImpl network(small_xception(2), 1);
  const auto blocks = network.outputs(at::rand({2, 3, 64, 64}), {2, 3, 5});
  EXPECT_EQ(blocks[0].sizes(), (std::vector<int64_t>{2, 64, 15, 15}));
  EXPECT_EQ(blocks[2].sizes(), (std::vector<int64_t>{2, 128, 8, 8}));
  const auto logits = network.forward(at::rand({2, 3, 64, 64}));
  EXPECT_EQ(logits.sizes(), (std::vector<int64_t>{2, 2}));
  logits.square().sum().backward();
  for (const auto& item : network.named_parameters()) { EXPECT_TRUE(item.value().grad().defined()) << item.key(); }
}

TEST(Xception, AFunctionAtABlockReplacesWhatTheNextOneSees) {
  const torch::NoGradGuard no_grad;
  XceptionImpl network(small_xception(2), 1);
  network.eval();
  const auto pictures = at::rand({2, 3, 64, 64});
  const auto last_but_blank = network.forward(
      pictures, [](int64_t block, const torch::Tensor& output) { return block == 5 ? output * 0 : output; });
  EXPECT_TRUE(last_but_blank[0].equal(last_but_blank[1]));  // nothing of the picture passes
  EXPECT_FALSE(network.forward(pictures).equal(last_but_blank));
}

TEST(Xception, DescribesItselfAndIsInitialisedBySeed) {
  const auto written = describe(small_xception(2));
  const auto read = xception_description(nlohmann::json::parse(written.dump()));
  EXPECT_EQ(describe(read), written);
  EXPECT_EQ(read.classes, 2);
  EXPECT_FALSE(describe(small_xception(0)).contains("classes"));
  EXPECT_THROW((void)xception_description({{"architecture", "cnn"}}), Error);
  const XceptionImpl a(small_xception(2), 1), b(small_xception(2), 1), c(small_xception(2), 2);
  const auto of = [](const XceptionImpl& network) { return network.named_parameters()["block2.rep.1.conv1.weight"]; };
  EXPECT_TRUE(of(a).equal(of(b)));
  EXPECT_FALSE(of(a).equal(of(c)));
  const auto weight = a.named_parameters()["block4.rep.1.pointwise.weight"];
  EXPECT_NEAR(weight.std().item<double>(), std::sqrt(2.0 / 128), 0.003);  // fan-out
}

}  // namespace
}  // namespace realface::models
