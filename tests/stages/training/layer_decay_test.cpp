#include "stages/training/layer_decay.h"

#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <cmath>

namespace realface::stages {
namespace {

/// The scales that facebookresearch/mae's param_groups_lrd gives a network of 12 blocks at decay 0.65.
TEST(LayerDecay, IsThatOfMaesFineTuning) {
  const auto rule = vit_rule(12, 0.65);
  const auto matrix = at::zeros({4, 4}), vector = at::zeros({4}), token = at::zeros({1, 1, 4});
  EXPECT_DOUBLE_EQ(rule("head.weight", matrix).rate_scale, 1);
  EXPECT_DOUBLE_EQ(rule("fc_norm.weight", vector).rate_scale, 1);
  EXPECT_DOUBLE_EQ(rule("blocks.11.mlp.fc1.weight", matrix).rate_scale, 0.65);
  EXPECT_DOUBLE_EQ(rule("blocks.0.attn.qkv.weight", matrix).rate_scale, std::pow(0.65, 12));
  EXPECT_DOUBLE_EQ(rule("patch_embed.proj.weight", matrix).rate_scale, std::pow(0.65, 13));
  EXPECT_DOUBLE_EQ(rule("cls_token", token).rate_scale, std::pow(0.65, 13));
  EXPECT_DOUBLE_EQ(rule("pos_embed", token).rate_scale, std::pow(0.65, 13));
}

TEST(LayerDecay, NormsBiasesTokenAndTableAreNotDecayed) {
  const auto rule = vit_rule(12, 0.65);
  const auto matrix = at::zeros({4, 4}), vector = at::zeros({4}), token = at::zeros({1, 1, 4});
  EXPECT_TRUE(rule("head.weight", matrix).decayed);
  EXPECT_TRUE(rule("patch_embed.proj.weight", at::zeros({4, 3, 2, 2})).decayed);
  EXPECT_FALSE(rule("head.bias", vector).decayed);
  EXPECT_FALSE(rule("blocks.3.norm1.weight", vector).decayed);
  EXPECT_FALSE(rule("cls_token", token).decayed);
  EXPECT_FALSE(rule("pos_embed", token).decayed);
}

}  // namespace
}  // namespace realface::stages
