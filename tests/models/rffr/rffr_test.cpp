#include "models/rffr/rffr.h"

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include <cmath>

#include "models/mae/masked_autoencoder.h"
#include "models/rffr/residuals.h"
#include "models/weights/tensor_file.h"
#include "tests/models/close.h"

namespace realface::models {
namespace {

/// The detector against timm's transformers; fixtures/rffr_fixture.py makes the file.
class RffrOracle : public ::testing::Test {
 protected:
  static RffrConfig config(const std::string& mode) {
    RffrConfig config;
    config.vit = {.image = 16, .patch = 2, .width = 8, .depth = 2, .heads = 2};
    config.blocks = 2;
    config.compat_official = mode == "official";
    config.pool = mode == "mean" ? "mean" : "class";
    return config;
  }
  const torch::Tensor& at(const std::string& name) const { return file_.tensors.at(name); }

  /// Tensors of the network that the oracle has a gradient of, all of which are compared.
  size_t compare(const std::string& mode) {
    RffrImpl network(config(mode));
    {
      const torch::NoGradGuard no_grad;
      for (auto& item : network.named_parameters()) { item.value().copy_(at("weight/" + item.key())); }
    }
    const auto logits = network.forward(patchify(at("faces"), 2), patchify(at("residuals"), 2), at("ids"));
    at::cross_entropy_loss(logits, at("labels")).backward();
    expect_close(logits, at(mode + "/logits"), "logits");
    size_t compared = 0;
    for (const auto& item : network.named_parameters()) {
      const auto gradient = file_.tensors.find(mode + "/gradient/" + item.key());
      EXPECT_EQ(gradient != file_.tensors.end(), item.value().grad().defined()) << item.key();
      if (gradient == file_.tensors.end()) { continue; }
      expect_close(item.value().grad(), gradient->second, item.key());
      ++compared;
    }
    return compared;
  }

  TensorFile file_ = read_tensor_file(REALFACE_FIXTURES "/rffr_oracle.safetensors");
};

TEST_F(RffrOracle, LogitsAndEveryGradientEqualTimms) {
  for (const std::string mode : {"paper", "mean"}) {
    EXPECT_EQ(compare(mode), RffrImpl(config(mode)).parameters().size()) << mode;
  }
}

/// It never reads its class token, whose gradient is then undefined on both sides.
TEST_F(RffrOracle, OfficialModeIsThePublishedCodesWithBothItsDefects) {
  EXPECT_EQ(compare("official"), RffrImpl(config("official")).parameters().size() - 2);
}

TEST_F(RffrOracle, ItsBlocksAreTheScriptsBlocks) {
  const auto blocks = block_patches(config("paper"));
  EXPECT_TRUE(at::equal(blocks.index_select(0, at::tensor({0, 3}, torch::kInt64)).flatten(), at("ids")));
}

TEST(RffrBlocks, CoverAllWithinTheBorderOnce) {
  for (const int64_t blocks : {1, 2, 3, 4, 6, 12}) {
    RffrConfig config;
    config.blocks = blocks;
    const auto ids = block_patches(config);
    auto seen = at::zeros({14, 14}, torch::kInt64);
    seen.view({-1}).index_add_(0, ids.flatten(), at::ones({ids.numel()}, torch::kInt64));
    EXPECT_EQ(ids.size(0), blocks * blocks);
    EXPECT_TRUE(seen.slice(0, 1, 13).slice(1, 1, 13).eq(1).all().item<bool>()) << blocks;
    EXPECT_EQ(seen.sum().item<int64_t>(), 144) << blocks;
  }
}

TEST(Rffr, HasTheParametersOfThePublishedCodeButForItsUnusedHeads) {
  int64_t count = 0;
  for (const auto& parameter : RffrImpl(RffrConfig{}).parameters()) { count += parameter.numel(); }
  EXPECT_EQ(count, 173138386 - 2 * (768 * 1000 + 1000));
}

TEST(Rffr, AnInputThatIsLeftOutHasNoBranch) {
  RffrConfig config;
  config.vit = {.image = 16, .patch = 2, .width = 8, .depth = 1, .heads = 2};
  config.blocks = 2;
  const auto faces = at::rand({2, 64, 12}), residuals = at::rand({2, 64, 12});
  for (const char* inputs : {"original", "residual"}) {
    config.inputs = inputs;
    const RffrImpl network(config, 3);
    const bool original = config.has_original();
    EXPECT_EQ(network.named_parameters().contains("backbone_1.cls_token"), original);
    EXPECT_EQ(network.named_parameters().contains("backbone_2.cls_token"), !original);
    const auto logits = network.forward(original ? faces : torch::Tensor(), original ? torch::Tensor() : residuals,
                                        network.seen_patches(block_patches(config)));
    EXPECT_EQ(logits.sizes(), (std::vector<int64_t>{2, 2}));
  }
}

TEST(Rffr, ItsDescriptionMakesItAgain) {
  RffrConfig config;
  config.vit = {.image = 64, .patch = 8, .width = 32, .depth = 2, .heads = 2};
  config.blocks = 3, config.inputs = "residual", config.source = "high_pass", config.patches = "whole",
  config.pool = "mean";
  EXPECT_EQ(describe(rffr_description(describe(config))), describe(config));
}

class Residuals : public ::testing::Test {
 protected:
  static MaeConfig mae_config() {
    MaeConfig config;
    config.image = 16, config.patch = 2, config.width = 16, config.depth = 2, config.heads = 2;
    config.decoder_width = 8, config.decoder_depth = 1, config.decoder_heads = 2;
    return config;
  }
  static torch::Tensor blocks(int64_t count) {
    RffrConfig config;
    config.vit = {.image = 16, .patch = 2, .width = 8, .depth = 1, .heads = 2};
    config.blocks = count;
    return block_patches(config);
  }

  const torch::NoGradGuard no_grad_;
  std::shared_ptr<MaskedAutoencoder> network_ = make_autoencoder(mae_config(), 5);
  torch::Tensor faces_ = at::rand({20, 64, 12});
};

TEST_F(Residuals, OfAllBlocksAtOnceAreThoseOfAPassABlock) {
  for (const int64_t count : {2, 3, 6}) {
    const auto all = blocks(count);
    const auto found = masked_residuals(*network_, faces_, all);
    auto wanted = at::zeros_like(faces_);
    for (int64_t block = 0; block < all.size(0); ++block) {
      const auto ids = all[block];
      const auto mask = at::zeros({20, 64}, torch::kBool).index_fill_(1, ids, true);
      const auto predicted = network_->forward(faces_, visible_tokens(mask, 64 - ids.size(0), /*fixed=*/true));
      wanted.index_copy_(1, ids, ((predicted - faces_.index_select(1, ids)) * 4).clamp(-1, 1));
    }
    EXPECT_LE((found - wanted).abs().max().item<double>(), 1e-6) << count;
    EXPECT_GT(found.abs().max().item<double>(), 0.1);
  }
}

TEST_F(Residuals, OfSomeBlocksAreZeroElsewhere) {
  const auto all = blocks(2);
  const auto found = masked_residuals(*network_, faces_, all.narrow(0, 2, 1));
  const auto of_all = masked_residuals(*network_, faces_, all);
  EXPECT_LE((found - of_all).index_select(1, all[2]).abs().max().item<double>(), 1e-6);
  EXPECT_EQ(found.index_fill(1, all[2], 0).abs().max().item<double>(), 0);
}

TEST_F(Residuals, OfAnAutoencoderSeeTheWholeFace) {
  const auto ids = blocks(2).flatten();
  const auto nothing = at::zeros({20, 64}, torch::kBool);
  const auto all = network_->forward(faces_, visible_tokens(nothing, 64, /*fixed=*/false));
  const auto found = autoencoder_residuals(*network_, faces_, ids);
  const auto wanted = ((all - faces_) * 4).clamp(-1, 1).index_select(1, ids);
  EXPECT_LE((found.index_select(1, ids) - wanted).abs().max().item<double>(), 1e-6);
  EXPECT_EQ(found[0][0].abs().max().item<double>(), 0);  // the border
}

/// A dot of one channel, 0.2 above its surroundings, becomes a dot of 0.8 with the Gaussian's peak taken off.
TEST_F(Residuals, OfAHighPassFilterAreTheFaceLessItsBlurredSelf) {
  auto pictures = at::zeros({1, 16, 16, 3}).fill_(0.5);
  pictures[0][8][8][1] += 0.2;
  const auto ids = blocks(2).flatten();
  const auto residuals = unpatchify(high_pass_residuals(patchify(pictures, 2), ids, 2), 2);
  double sum = 0;
  for (int i = -2; i <= 2; ++i) { sum += std::exp(-i * i / (2 * 1.1 * 1.1)); }
  const double peak = 1 / (sum * sum), beside = std::exp(-1 / (2 * 1.1 * 1.1)) * peak;
  EXPECT_NEAR(residuals[0][8][8][1].item<double>(), 0.8 * (peak - 1), 1e-5);
  EXPECT_NEAR(residuals[0][8][9][1].item<double>(), 0.8 * beside, 1e-5);
  EXPECT_NEAR(residuals[0][8][8][0].item<double>(), 0, 1e-5);
  EXPECT_NEAR(residuals[0][4][4][1].item<double>(), 0, 1e-5);
}

}  // namespace
}  // namespace realface::models
