#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "models/mae/mae.h"
#include "models/weights/tensor_file.h"
#include "tests/models/close.h"

/// The image masked autoencoder against transformers' ViTMAEForPreTraining; fixtures/mae_fixture.py makes the file.
namespace realface::models {
namespace {

MaeConfig oracle_mae_config() {
  MaeConfig config;
  config.image = 16, config.patch = 4;
  config.width = 16, config.depth = 2, config.heads = 2;
  config.decoder_width = 8, config.decoder_depth = 2, config.decoder_heads = 2;
  return config;
}

class MaeOracle : public ::testing::Test {
 protected:
  void SetUp() override {
    const torch::NoGradGuard no_grad;
    for (auto& item : mae_.named_parameters()) { item.value().copy_(at("weight/" + item.key())); }
  }
  const torch::Tensor& at(const std::string& name) const { return file_.tensors.at(name); }

  /// Loss as training has it: the sum over masked patches, divided by their number.
  torch::Tensor loss(const Visible& visible) {
    const auto patches = patchify(at("images"), 4);
    predictions_ = mae_.forward(patches, visible);
    return mae_.loss_sum(patches, predictions_, at("mask"), visible) / at("mask").sum();
  }

  void expect_gradients() {
    size_t compared = 0;
    for (const auto& item : mae_.named_parameters()) {
      if (!item.value().requires_grad()) { continue; }
      ASSERT_TRUE(item.value().grad().defined()) << item.key();
      expect_close(item.value().grad(), at("gradient/" + item.key()), item.key());
      ++compared;
    }
    EXPECT_EQ(compared, 60u);  // 2 + 2 blocks of 12, two norms, three linear maps, two tokens
  }

  TensorFile file_ = read_tensor_file(REALFACE_FIXTURES "/mae_oracle.safetensors");
  MaeImpl mae_{oracle_mae_config(), 0};
  torch::Tensor predictions_;
};

TEST_F(MaeOracle, MaskedPredictionsLossAndEveryGradientEqualTheLibrarysWithAFixedCount) {
  const auto visible = visible_tokens(at("mask"), 4, /*fixed=*/true);
  const auto value = loss(visible);
  value.backward();
  const auto masked = visible.masked.unsqueeze(-1).expand({2, 12, 48});
  expect_close(predictions_, at("prediction").gather(1, masked), "prediction");
  expect_close(value, at("loss"), "loss");
  expect_gradients();
}

TEST_F(MaeOracle, AllPredictionsLossAndEveryGradientEqualTheLibrarysWithPadding) {
  const auto value = loss(visible_tokens(at("mask"), 8, /*fixed=*/false));
  value.backward();
  expect_close(predictions_, at("prediction"), "prediction");
  expect_close(value, at("loss"), "loss");
  expect_gradients();
}

TEST_F(MaeOracle, PositionsAreThoseOfTheReference) {
  const MaeImpl fresh(oracle_mae_config(), 3);
  const auto ours = fresh.named_parameters();
  expect_close(ours["pos_embed"], at("weight/pos_embed"), "pos_embed");
  expect_close(ours["decoder_pos_embed"], at("weight/decoder_pos_embed"), "decoder_pos_embed");
}

}  // namespace
}  // namespace realface::models
