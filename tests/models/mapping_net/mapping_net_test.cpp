#include "models/mapping_net/description.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "base/error.h"
#include "models/vit/description.h"
#include "models/weights/tensor_file.h"
#include "tests/models/close.h"
#include "tests/models/formula.h"

/// The mapping network against torchvision's ResNet-18 with the head of the reference code;
/// fixtures/mapping_net_fixture.py makes the files. Weights are filled by a formula that both sides know, since those
/// of the full size are too many to keep.
namespace realface::models {
namespace {

/// Ours to the name in the formula: the trunk's are torchvision's.
std::string formula_name(std::string name) {
  for (const std::string prefix : {"trunk.", "head."}) {
    if (name.starts_with(prefix)) { name.erase(0, prefix.size()); }
  }
  return name.starts_with("fc.") ? "depth_cls." + name.substr(3) : name;
}

torch::Tensor filled(const std::string& name, const torch::Tensor& like) {
  const auto u = drawn(name, like);
  if (like.dim() == 4) {
    return u * 2 * std::sqrt(6.0 / static_cast<double>(like.size(0) * like.size(2) * like.size(3)));
  }
  if (name.starts_with("depth_cls.")) { return u * 0.1; }
  if (name.ends_with("running_var")) { return 1 + 0.5 * u; }
  return name.ends_with(".weight") ? 1 + 0.2 * u : 0.2 * u;
}

void fill(torch::nn::Module& network) {
  const torch::NoGradGuard no_grad;
  for (auto& item : network.named_parameters()) { item.value().copy_(filled(formula_name(item.key()), item.value())); }
  for (auto& item : network.named_buffers()) { item.value().copy_(filled(formula_name(item.key()), item.value())); }
}

/// sin(0.05 x (c + 1)) cos(0.03 y) + 0.1 b.
torch::Tensor pictures(int64_t batch, int64_t side) {
  const auto along = at::arange(side, torch::kFloat64), channel = at::arange(3, torch::kFloat64) + 1;
  const auto x = (0.05 * along.view({1, 1, 1, -1}) * channel.view({1, 3, 1, 1})).sin();
  const auto y = (0.03 * along.view({1, 1, -1, 1})).cos();
  return (x * y + 0.1 * at::arange(batch, torch::kFloat64).view({-1, 1, 1, 1})).to(torch::kFloat32);
}

class MappingOracle : public ::testing::Test {
 protected:
  const torch::Tensor& at(const std::string& name) const { return file_.tensors.at(name); }
  TensorFile file_ = read_tensor_file(REALFACE_FIXTURES "/mapping_net_oracle.safetensors");
};

TEST_F(MappingOracle, TheTrunkOfFullSizeEqualsTorchvisions) {
  const torch::NoGradGuard no_grad;
  MappingNetImpl network(MappingConfig{});
  fill(network);
  const auto x = pictures(2, 224);
  const std::vector<std::pair<std::string, Statistics>> modes{{"eval", Statistics::running},
                                                              {"train", Statistics::batch}};
  for (const auto& [mode, statistics] : modes) {
    const auto features = network.features(x, statistics);
    ASSERT_EQ(features.sizes(), (std::vector<int64_t>{2, 448, 56, 56}));
    expect_close(sampled(features.contiguous(), 4096), at("full/" + mode + "/sample"), mode + " features");
    expect_close(features.mean(c10::IntArrayRef{0, 2, 3}), at("full/" + mode + "/channel_mean"), mode + " means");
  }
}

TEST_F(MappingOracle, MapLogitsLossAndGradientsEqualTheReferences) {
  MappingNetImpl network({.size = "small", .image = 64});
  fill(network);
  network.to(torch::kFloat64);  // in fp32 PyTorch itself is 1e-5 off
  const auto x = pictures(4, 64).to(torch::kFloat64);
  const auto along = at::arange(16, torch::kFloat64);
  const auto b = at::arange(4, torch::kFloat64).view({-1, 1, 1, 1}),
             c = at::arange(3, torch::kFloat64).view({1, -1, 1, 1});
  const auto target = (0.5 + 0.4 * (b + c + 0.7 * along.view({1, 1, -1, 1})).sin() * (0.3 * along).cos())
                          .to(torch::kFloat32)
                          .to(torch::kFloat64);
  const auto mapped = network.head().forward(network.features(x, Statistics::batch), Statistics::batch);
  const auto loss =
      at::cross_entropy_loss(mapped.logits, at::tensor({0, 1, 0, 1}, torch::kInt64)) + at::mse_loss(mapped.map, target);
  loss.backward();
  expect_close(mapped.map, at("small/train/map"), "map");
  expect_close(mapped.logits, at("small/train/logits"), "logits");
  expect_close(loss, at("small/train/loss"), "loss");
  for (const auto& item : network.named_parameters()) {
    expect_close(item.value().grad().norm(), at("small/gradient_norm/" + formula_name(item.key())), item.key());
  }
  const auto gradient = network.named_parameters()["head.conv.0.weight"].grad();
  expect_close(sampled(gradient, 2048), at("small/gradient_sample/conv.0.weight"), "gradient");
  const auto tested = network.head().forward(network.features(x, Statistics::running), Statistics::running);
  expect_close(tested.map, at("small/eval/map"), "map in evaluation");
  expect_close(tested.logits, at("small/eval/logits"), "logits in evaluation");
}

TEST(MappingNet, HasTheNamesAndShapesOfTorchvisionAndThePapersCounts) {
  const MappingNetImpl network(MappingConfig{});
  std::set<std::string> ours, theirs;
  int64_t trunk = 0, head = 0;
  for (const auto& item : network.named_parameters()) {
    (item.key().starts_with("trunk.") ? trunk : head) += item.value().numel();
    std::string line = item.key();
    for (const int64_t size : item.value().sizes()) { line += " " + std::to_string(size); }
    if (item.key().starts_with("trunk.")) { ours.insert(line.substr(6)); }
  }
  EXPECT_EQ(trunk, 2'782'784);
  EXPECT_EQ(head, 1'132'662 + 1'538);
  std::ifstream list(REALFACE_FIXTURES "/resnet18_trunk_parameters.txt");
  for (std::string line; std::getline(list, line);) { theirs.insert(line); }
  EXPECT_EQ(ours, theirs);
}

TEST(MappingNet, ForwardTakesOtherParametersInThePlaceOfItsOwn) {
  MappingNetImpl network({.size = "small", .image = 64}, 1), other({.size = "small", .image = 64}, 2);
  const auto features = network.features(pictures(4, 64), Statistics::batch);
  const auto own = network.head().forward(features, Statistics::batch);
  const auto theirs = other.head().forward(features, Statistics::batch);
  const auto lent = network.head().forward(features, other.head().parameters(), Statistics::batch);
  EXPECT_TRUE(lent.map.equal(theirs.map));
  EXPECT_TRUE(lent.logits.equal(theirs.logits));
  EXPECT_FALSE(lent.map.equal(own.map));
}

TEST(MappingNet, ASigmoidKeepsTheMapBelowOne) {
  const torch::NoGradGuard no_grad;
  MappingNetImpl network({.size = "small", .last = "sigmoid", .image = 64}, 1);
  const auto map =
      network.head().forward(network.features(pictures(2, 64) * 100, Statistics::batch), Statistics::batch).map;
  EXPECT_LT(map.max().item<float>(), 1.0F);
  EXPECT_FALSE(network.named_parameters().contains("head.conv.7.weight"));
}

TEST(MappingNet, DescribesItself) {
  const auto written = describe(MappingConfig{.size = "small", .image = 96});
  const auto read = mapping_description(nlohmann::json::parse(written.dump()));
  EXPECT_EQ(read.size, "small");
  EXPECT_EQ(read.image, 96);
  EXPECT_THROW((void)vit_description(written), Error);
}

}  // namespace
}  // namespace realface::models
