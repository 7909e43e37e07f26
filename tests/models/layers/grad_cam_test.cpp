#include "models/layers/grad_cam.h"

#include <ATen/ops/eye.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "models/localizer/localizer.h"
#include "tests/models/formula.h"

namespace realface::models {
namespace {

/// What a network says for "fake" if its features are these.
using Score = std::function<torch::Tensor(const torch::Tensor& features)>;

/// By differences instead of gradients: a channel's weight is how much the score moves, a place of the map, when all of
/// the channel moves. features: of one face.
torch::Tensor cam_by_differences(const torch::Tensor& features, const Score& score) {
  constexpr double kStep = 1e-6;
  const torch::NoGradGuard no_grad;
  const int64_t channels = features.size(1);
  const auto places = static_cast<double>(features.size(2) * features.size(3));
  const auto moves = kStep * at::eye(channels, features.options()).view({channels, channels, 1, 1});
  const auto weights = (score(features + moves) - score(features - moves)) / (2 * kStep) / places;
  return at::relu((weights.view({1, -1, 1, 1}) * features).sum(1));
}

/// Returns the highest value.
double expect_equal_maps(const torch::Tensor& features, const Score& score) {
  const auto cam = grad_cam(features, score(features));
  const auto expected = cam_by_differences(features, score);
  EXPECT_EQ(cam.sizes(), expected.sizes());
  EXPECT_FALSE(cam.requires_grad());
  const auto highest = expected.max().item<double>();
  EXPECT_LE((cam - expected).abs().max().item<double>(), 1e-5 * highest);
  return highest;
}

torch::Tensor some_picture() { return drawn("picture", at::zeros({1, 3, 32, 32}, torch::kFloat64)); }

TEST(GradCam, OfAMappingNetworksHeadIsWhatDifferencesSay) {
  MappingConfig config;
  config.size = "small";
  MappingNetImpl network(config, 5);
  network.to(torch::kFloat64);
  const auto features = network.features(some_picture(), Statistics::running).detach().requires_grad_();
  const auto highest = [&](double sign) {
    return expect_equal_maps(features, [&, sign](const torch::Tensor& x) {
      const auto logits = network.head().forward(x, Statistics::running).logits;
      return sign * (logits.select(1, 1) - logits.select(1, 0));
    });
  };
  EXPECT_GT(highest(1) + highest(-1), 0);  // where everything speaks for one class, nothing does for the other
}

TEST(GradCam, OfALocalisersClassifierIsWhatDifferencesSay) {
  LocalizerConfig config;
  config.encoder = config.mapping.size = "small";
  LocalizerImpl network(config, 5);
  network.to(torch::kFloat64);
  const auto features = network.features(some_picture(), Statistics::running).detach().requires_grad_();
  const auto highest = expect_equal_maps(features, [&](const torch::Tensor& x) {
    const auto pictures = some_picture().expand({x.size(0), -1, -1, -1});
    return network.forward(pictures, x, network.adapted(), Statistics::running, {}).logits.select(1, 1);
  });
  EXPECT_GT(highest, 0);
}

TEST(GradCam, WeighsChannelsByTheirMeanGradientAndKeepsWhatIsPositive) {
  // Gradients of 2 and -3 at one of four places each: the weights are 0.5 and -0.75.
  const auto features = at::tensor({1.0, 2.0, 3.0, 4.0, 2.0, 0.0, 1.0, 4.0}).view({1, 2, 2, 2}).requires_grad_();
  const auto score = (2 * features.select(1, 0)[0][0][0] - 3 * features.select(1, 1)[0][1][1]).view({1});
  const auto cam = grad_cam(features, score);
  EXPECT_TRUE(cam.allclose(at::tensor({0.0, 1.0, 0.75, 0.0}).view({1, 2, 2})));
}

}  // namespace
}  // namespace realface::models
