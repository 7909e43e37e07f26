#include "models/mae/video_mae.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/mae/description.h"
#include "models/weights/tensor_file.h"
#include "tests/models/close.h"

/// The masked autoencoder of clips against transformers' VideoMAEForPreTraining; fixtures/video_mae_fixture.py makes
/// the file.
namespace realface::models {
namespace {

MaeConfig video_mae_config() {
  auto config = mae_preset("base", "video_mae");
  config.image = 16, config.patch = 4, config.frames = 4, config.tubelet = 2;
  config.width = 16, config.depth = 2, config.heads = 2;
  config.decoder_width = 8, config.decoder_depth = 2, config.decoder_heads = 2;
  config.norm_pix = true;
  return config;
}

class VideoMaeOracle : public ::testing::Test {
 protected:
  void SetUp() override {
    const torch::NoGradGuard no_grad;
    for (auto& item : mae_.named_parameters()) { item.value().copy_(at("weight/" + item.key())); }
  }
  const torch::Tensor& at(const std::string& name) const { return file_.tensors.at(name); }
  torch::Tensor mask() const { return at("tube").repeat({1, 2}); }  // 20 of 32 tokens are masked

  torch::Tensor loss(const Visible& visible) {
    const auto tokens = tubify(at("clips"), 4, 2);
    predictions_ = mae_.forward(tokens, visible);
    return mae_.loss_sum(tokens, predictions_, mask(), visible) / mask().sum();
  }

  void expect_gradients() {
    size_t compared = 0;
    for (const auto& item : mae_.named_parameters()) {
      ASSERT_TRUE(item.value().grad().defined()) << item.key();
      expect_close(item.value().grad(), at("gradient/" + item.key()), item.key());
      ++compared;
    }
    EXPECT_EQ(compared, 62u);  // 2 + 2 blocks of 13, embedding, two norms, head, encoder_to_decoder, mask token
  }

  TensorFile file_ = read_tensor_file(REALFACE_FIXTURES "/video_mae_oracle.safetensors");
  VideoMaeImpl mae_{video_mae_config()};
  torch::Tensor predictions_;
};

TEST_F(VideoMaeOracle, MaskedPredictionsLossAndEveryGradientEqualTheLibrarysWithAFixedCount) {
  const auto value = loss(visible_tokens(mask(), 12, /*fixed=*/true));
  value.backward();
  expect_close(predictions_, at("prediction"), "prediction");
  expect_close(value, at("loss"), "loss");
  expect_gradients();
}

TEST_F(VideoMaeOracle, TheyDoWithPadding) {
  const auto value = loss(visible_tokens(mask(), 16, /*fixed=*/false));
  value.backward();
  const auto masked = visible_tokens(mask(), 12, true).masked.unsqueeze(-1).expand({2, 20, 96});
  expect_close(predictions_.gather(1, masked), at("prediction"), "prediction");
  expect_close(value, at("loss"), "loss");
  expect_gradients();
}

TEST_F(VideoMaeOracle, TheyDoWithoutPadding) {
  auto visible = visible_tokens(mask(), 16, /*fixed=*/false);
  visible.packed = 24;
  const auto value = loss(visible);
  value.backward();
  expect_close(value, at("loss"), "loss");
  expect_gradients();
}

TEST(VideoMae, HasTheParametersOfThePublishedSizes) {
  const auto count = [](const std::string& size) {
    const VideoMaeImpl mae(mae_preset(size, "video_mae"));
    int64_t sum = 0;
    for (const auto& parameter : mae.parameters()) { sum += parameter.numel(); }
    EXPECT_TRUE(mae.buffers().empty());
    return sum;
  };
  EXPECT_EQ(count("small"), 24'029'376);
  EXPECT_EQ(count("base"), 94'210'944);
}

TEST(VideoMae, IsInitialisedAsTheOriginal) {
  const VideoMaeImpl a(video_mae_config(), 1), b(video_mae_config(), 1), c(video_mae_config(), 2);
  const auto of = [](const VideoMaeImpl& mae, const std::string& name) { return mae.named_parameters()[name]; };
  for (const auto& item : a.named_parameters()) {
    EXPECT_TRUE(item.value().equal(of(b, item.key()))) << item.key();
    if (item.value().dim() > 1) { EXPECT_FALSE(item.value().equal(of(c, item.key()))) << item.key(); }
  }
  EXPECT_LE(of(a, "mask_token").abs().max().item<float>(), 0.02F);
  const auto bound = [&](const std::string& name) { return of(a, name).abs().max().item<double>(); };
  EXPECT_NEAR(bound("encoder.blocks.0.attn.qkv.weight"), std::sqrt(6.0 / 64), 0.01);
  EXPECT_NEAR(bound("encoder.patch_embed.proj.weight"), 1 / std::sqrt(96.0), 0.001);
  EXPECT_NEAR(bound("encoder_to_decoder.weight"), 0.25, 0.01);
  EXPECT_EQ(of(a, "encoder.blocks.0.attn.q_bias").abs().max().item<float>(), 0.0F);
}

TEST(VideoMae, APaddedSampleIsAsIfAlone) {
  auto config = video_mae_config();
  config.norm_pix = false;
  VideoMaeImpl mae(config, 2);
  const auto tokens = at::randn({2, 32, 96});
  auto tube = torch::zeros({2, 16}, torch::kBool);
  tube[0].narrow(0, 0, 3).fill_(true);
  tube[1].narrow(0, 5, 9).fill_(true);
  const auto together = mae.forward(tokens, visible_tokens(tube.repeat({1, 2}), 26, false));
  for (int64_t row = 0; row < 2; ++row) {
    const auto own = tube.narrow(0, row, 1).repeat({1, 2});
    const int64_t seen = 32 - own.sum().item<int64_t>();
    const auto alone = mae.forward(tokens.narrow(0, row, 1), visible_tokens(own, seen, false));
    expect_close(together.narrow(0, row, 1), alone, "predictions");
  }
}

TEST(VideoMae, DescribesItself) {
  const auto written = describe(video_mae_config(), "imagenet");
  EXPECT_EQ(written.at("architecture"), "video_mae");
  const auto read = mae_description(nlohmann::json::parse(written.dump()));
  EXPECT_EQ(describe(read.config, read.pixels), written);
  EXPECT_NE(dynamic_cast<VideoMaeImpl*>(make_autoencoder(read.config).get()), nullptr);
  auto config = video_mae_config();
  config.patch = 5;
  EXPECT_THROW(VideoMaeImpl{config}, ConfigError);
}

}  // namespace
}  // namespace realface::models
