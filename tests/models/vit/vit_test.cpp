#include "models/vit/vit.h"

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/mae/description.h"
#include "models/vit/description.h"
#include "models/weights/tensor_file.h"
#include "tests/models/close.h"

/// The classifier against timm's VisionTransformer; fixtures/vit_fixture.py makes the file.
namespace realface::models {
namespace {

VitConfig oracle_vit_config() { return {.image = 16, .patch = 4, .width = 16, .depth = 2, .heads = 2}; }

class VitOracle : public ::testing::Test {
 protected:
  void SetUp() override {
    const torch::NoGradGuard no_grad;
    for (auto& item : vit_.named_parameters()) { item.value().copy_(at("weight/" + item.key())); }
  }
  const torch::Tensor& at(const std::string& name) const { return file_.tensors.at(name); }
  /// Normalised patches [6, N, P*P*3] of two videos of three frames.
  torch::Tensor patches() const {
    const auto mean = at::tensor({0.485, 0.456, 0.406}), deviation = at::tensor({0.229, 0.224, 0.225});
    const auto pictures = (at("images").to(torch::kFloat32) / 255 - mean) / deviation;
    return patchify(pictures.flatten(0, 1).to(torch::kFloat32), 4);
  }

  TensorFile file_ = read_tensor_file(REALFACE_FIXTURES "/vit_oracle.safetensors");
  VitImpl vit_{oracle_vit_config()};
};

TEST_F(VitOracle, LogitsLossAndEveryGradientEqualTimms) {
  size_t weights = 0;
  for (const auto& [name, tensor] : file_.tensors) { weights += name.starts_with("weight/") ? 1 : 0; }
  EXPECT_EQ(vit_.named_parameters().size(), weights);
  const auto logits = vit_.classify(vit_.features(patches()).view({2, 3, 16}).mean(1));
  const auto loss = at::cross_entropy_loss(logits, at("labels"));
  loss.backward();
  expect_close(logits, at("logits"), "logits");
  expect_close(loss, at("loss"), "loss");
  for (const auto& item : vit_.named_parameters()) {
    ASSERT_TRUE(item.value().grad().defined()) << item.key();
    expect_close(item.value().grad(), at("gradient/" + item.key()), item.key());
  }
}

TEST_F(VitOracle, ScaledBranchesEqualTimmsDropPath) {
  const torch::NoGradGuard no_grad;
  const auto two = patches().narrow(0, 0, 2);
  expect_close(vit_.features(two, at("kept")), at("dropped_features"), "features");
  expect_close(vit_.features(two, at::ones({2, 4})), vit_.features(two), "features with all branches");
}

TEST(Vit, HasTheParametersOfVitB16) {
  const VitImpl vit(VitConfig{});
  int64_t count = 0;
  for (const auto& parameter : vit.parameters()) { count += parameter.numel(); }
  EXPECT_EQ(count, 85'798'656 + 2 * 768 + 2);  // the encoder with its table, fc_norm in the place of norm, two classes
}

TEST(Vit, IsInitialisedBySeed) {
  const VitImpl a(oracle_vit_config(), 1), b(oracle_vit_config(), 1), c(oracle_vit_config(), 2);
  const auto of = [](const VitImpl& vit) { return vit.named_parameters()["blocks.0.attn.qkv.weight"]; };
  EXPECT_TRUE(of(a).equal(of(b)));
  EXPECT_FALSE(of(a).equal(of(c)));
  EXPECT_LT(a.named_parameters()["head.weight"].abs().max().item<float>(), 1e-3F);
  EXPECT_TRUE(a.named_parameters()["pos_embed"].requires_grad());
}

TEST(Vit, DescribesItself) {
  const auto written = describe(oracle_vit_config(), "unit");
  const auto read = vit_description(nlohmann::json::parse(written.dump()));
  EXPECT_EQ(describe(read.config, read.pixels), written);
  EXPECT_EQ(read.config.depth, 2);
  EXPECT_THROW((void)mae_description(written), Error);
  EXPECT_THROW(VitImpl({.image = 20, .patch = 16}), ConfigError);
}

}  // namespace
}  // namespace realface::models
