#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "models/layers/tokens.h"

namespace realface::models {
namespace {

torch::Tensor mask_of(const std::vector<std::vector<int64_t>>& masked, int64_t patches) {
  auto mask = torch::zeros({static_cast<int64_t>(masked.size()), patches}, torch::kBool);
  for (size_t i = 0; i < masked.size(); ++i) {
    for (const int64_t id : masked[i]) { mask[static_cast<int64_t>(i)][id] = true; }
  }
  return mask;
}

torch::Tensor ids(std::initializer_list<int64_t> values, int64_t rows) {
  return torch::tensor(std::vector<int64_t>(values)).view({rows, -1});
}

TEST(VisibleTokens, AFixedCountGivesVisibleAndMaskedIdsAscending) {
  const auto visible = visible_tokens(mask_of({{4, 0, 3}, {1, 2, 3}}, 5), 2, true);
  EXPECT_TRUE(at::equal(visible.ids, ids({1, 2, 0, 4}, 2)));
  EXPECT_TRUE(at::equal(visible.masked, ids({0, 3, 4, 1, 2, 3}, 2)));
  EXPECT_FALSE(visible.valid.defined());
}

TEST(VisibleTokens, ShorterSamplesArePaddedWithInvalidZeros) {
  const auto visible = visible_tokens(mask_of({{0, 3, 4}, {2}, {0, 1, 2, 3, 4}}, 5), 4, false);
  EXPECT_TRUE(at::equal(visible.ids, ids({1, 2, 0, 0, 0, 1, 3, 4, 0, 0, 0, 0}, 3)));
  EXPECT_TRUE(at::equal(visible.valid.to(torch::kInt64), ids({1, 1, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0}, 3)));
  EXPECT_FALSE(visible.masked.defined());
}

TEST(VisibleTokens, ALengthRoundedUpBeyondTheImageIsTheImage) {
  const auto visible = visible_tokens(mask_of({{2}}, 5), 8, false);
  EXPECT_EQ(visible.ids.size(1), 5);
  EXPECT_EQ(visible.valid.sum().item<int64_t>(), 4);
}

TEST(Patchify, PutsPixelAndChannelWhereTheReferenceHasThem) {
  // 2 x 3 patches of 4 pixels; every value says where it came from.
  const auto images = torch::arange(8 * 12 * 3).view({1, 8, 12, 3});
  const auto patches = patchify(images, 4);
  ASSERT_EQ(patches.sizes(), (std::vector<int64_t>{1, 6, 48}));
  for (int64_t row = 0; row < 8; ++row) {
    for (int64_t column = 0; column < 12; ++column) {
      for (int64_t channel = 0; channel < 3; ++channel) {
        const auto value = patches[0][row / 4 * 3 + column / 4][(row % 4 * 4 + column % 4) * 3 + channel];
        ASSERT_EQ(value.item<int64_t>(), (row * 12 + column) * 3 + channel);
      }
    }
  }
}

TEST(Tubify, PutsFramePixelAndChannelWhereTheReferenceHasThem) {
  const auto clips = torch::arange(4 * 8 * 8 * 3).view({1, 4, 8, 8, 3});
  const auto tokens = tubify(clips, 4, 2);
  ASSERT_EQ(tokens.sizes(), (std::vector<int64_t>{1, 8, 96}));
  for (int64_t pixel = 0; pixel < 4 * 8 * 8; ++pixel) {
    const int64_t frame = pixel / 64, row = pixel / 8 % 8, column = pixel % 8;
    const int64_t token = frame / 2 * 4 + row / 4 * 2 + column / 4;
    const int64_t place = (frame % 2 * 4 + row % 4) * 4 + column % 4;
    ASSERT_EQ(tokens[0][token][place * 3 + 1].item<int64_t>(), pixel * 3 + 1);
  }
}

TEST(Tubify, IsUndoneByUntubify) {
  const auto clips = torch::arange(2 * 6 * 8 * 8 * 3).view({2, 6, 8, 8, 3});
  const TokenGrid grid{.image = 8, .patch = 4, .frames = 6, .tubelet = 3};
  EXPECT_EQ(grid.tokens(), 8);
  EXPECT_TRUE(at::equal(untubify(tubify(clips, 4, 3), grid), clips));
}

TEST(Patchify, IsUndoneByUnpatchify) {
  for (const int64_t channels : {1, 3}) {
    const auto images = torch::arange(2 * 8 * 8 * channels).view({2, 8, 8, channels}).to(torch::kUInt8);
    EXPECT_TRUE(at::equal(unpatchify(patchify(images, 4), 4, channels), images));
  }
}

}  // namespace
}  // namespace realface::models
