#include "stages/training/pixels.h"

#include <ATen/ops/arange.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/layers/tokens.h"

namespace realface::stages {
namespace {

torch::Tensor bytes() {
  return (at::arange(2 * 8 * 8 * 3, torch::kInt64) % 256).to(torch::kUInt8).reshape({2, 8, 8, 3});
}

TEST(Normaliser, AppliesImageNetsMeanAndDeviationByChannel) {
  const auto images = bytes();
  const auto patches = Normaliser("imagenet", 4, torch::kCPU).patches(images);
  ASSERT_EQ(patches.sizes(), (std::vector<int64_t>{2, 4, 48}));
  // Row 5, column 6 of sample 1: patch (1, 1), pixel (1, 2) in it.
  const double mean[] = {0.485, 0.456, 0.406}, deviation[] = {0.229, 0.224, 0.225};
  for (int64_t channel = 0; channel < 3; ++channel) {
    const double byte = images[1][5][6][channel].item<double>();
    EXPECT_NEAR(patches[1][3][(1 * 4 + 2) * 3 + channel].item<double>(),
                (byte / 255 - mean[channel]) / deviation[channel], 1e-6);
  }
}

TEST(Normaliser, UnitPixelsReachFromZeroToOne) {
  const auto patches = Normaliser("unit", 8, torch::kCPU).patches(bytes());
  EXPECT_NEAR(patches.min().item<double>(), 0.0, 1e-7);
  EXPECT_NEAR(patches.max().item<double>(), 1.0, 1e-6);
}

TEST(Normaliser, HalvesReachFromMinusOneToOne) {
  const auto planes = Normaliser("half", 1, torch::kCPU).planes(bytes());
  EXPECT_NEAR(planes.min().item<double>(), -1.0, 1e-6);
  EXPECT_NEAR(planes.max().item<double>(), 1.0, 1e-6);
}

TEST(Normaliser, UndoesItself) {
  const auto images = bytes();
  for (const auto* kind : {"imagenet", "unit", "half"}) {
    const Normaliser normaliser(kind, 4, torch::kCPU);
    const auto back = models::unpatchify(normaliser.unit(normaliser.patches(images)), 4) * 255.0;
    EXPECT_LT((back - images).abs().max().item<double>(), 1e-3) << kind;
  }
}

TEST(Normaliser, RefusesAnUnknownKind) { EXPECT_THROW(Normaliser("imagnet", 4, torch::kCPU), ConfigError); }

}  // namespace
}  // namespace realface::stages
