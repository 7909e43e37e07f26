#include "models/mae/mae.h"

#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/counter_rng.h"
#include "base/error.h"

namespace realface::models {
namespace {

MaeConfig toy() {
  MaeConfig config;
  config.image = 32, config.patch = 8;
  config.width = 32, config.depth = 2, config.heads = 4;
  config.decoder_width = 16, config.decoder_depth = 2, config.decoder_heads = 2;
  return config;
}

torch::Tensor random_patches(const MaeConfig& config, int64_t batch) {
  torch::manual_seed(5);
  return at::randn({batch, config.cut().tokens(), config.cut().values()});
}

/// bool [counts, patches]: sample i has counts[i] masked patches, drawn from a key.
torch::Tensor random_mask(int64_t patches, const std::vector<int64_t>& counts) {
  auto mask = torch::zeros({static_cast<int64_t>(counts.size()), patches}, torch::kBool);
  CounterRng rng(9, CounterRng::Purpose::test, {});
  for (size_t i = 0; i < counts.size(); ++i) {
    for (const int64_t id : rng.sample(patches, counts[i])) { mask[static_cast<int64_t>(i)][id] = true; }
  }
  return mask;
}

double distance(const torch::Tensor& a, const torch::Tensor& b) { return (a - b).abs().max().item<double>(); }

std::map<std::string, torch::Tensor> gradients_of(MaeImpl& mae, const torch::Tensor& patches, const torch::Tensor& mask,
                                                  const Visible& visible) {
  mae.zero_grad();
  mae.loss_sum(patches, mae.forward(patches, visible), mask, visible).backward();
  std::map<std::string, torch::Tensor> gradients;
  for (const auto& item : mae.named_parameters()) {
    if (item.value().requires_grad()) { gradients[item.key()] = item.value().grad().to(torch::kFloat32).clone(); }
  }
  return gradients;
}

/// |a - b| / |b| of all gradients as one vector.
double relative_norm(const std::map<std::string, torch::Tensor>& a, const std::map<std::string, torch::Tensor>& b) {
  double difference = 0;
  double norm = 0;
  for (const auto& [name, tensor] : b) {
    difference += (a.at(name) - tensor).square().sum().item<double>();
    norm += tensor.square().sum().item<double>();
  }
  return std::sqrt(difference / norm);
}

TEST(Mae, HasTheParameterCountsOfTheLiterature) {
  EXPECT_EQ(MaeImpl::parameter_count(mae_preset("base")), 111'907'840);
  EXPECT_EQ(MaeImpl::parameter_count(mae_preset("large")), 329'541'888);
  EXPECT_EQ(MaeImpl::parameter_count(mae_preset("huge")), 657'074'508);
}

TEST(Mae, HoldsAsManyParametersAsItsCountSays) {
  for (const auto& config : {toy(), mae_preset("tiny")}) {
    const MaeImpl mae(config, 1);
    int64_t count = 0;
    for (const auto& parameter : mae.parameters()) { count += parameter.numel(); }
    EXPECT_EQ(count, MaeImpl::parameter_count(config));
  }
}

TEST(Mae, NamesAndShapesOfTheBaseSizeAreThoseOfTheReference) {
  const MaeImpl mae(mae_preset("base"), 1);
  std::map<std::string, std::string> ours;
  int64_t trainable = 0;
  for (const auto& item : mae.named_parameters()) {
    std::string shape;
    for (const int64_t size : item.value().sizes()) { shape.append(" ").append(std::to_string(size)); }
    ours[item.key()] = shape;
    if (item.value().requires_grad()) { trainable += item.value().numel(); }
  }
  std::map<std::string, std::string> theirs;
  std::ifstream file(REALFACE_FIXTURES "/mae_base_parameters.txt");
  for (std::string line; std::getline(file, line);) {
    theirs[line.substr(0, line.find(' '))] = line.substr(line.find(' '));
  }
  EXPECT_EQ(theirs.size(), 254u);
  EXPECT_EQ(ours, theirs);
  EXPECT_EQ(trainable, 111'655'680);
}

TEST(Mae, RefusesSizesThatDoNotFit) {
  EXPECT_THROW(mae_preset("medium"), ConfigError);
  auto config = toy();
  config.patch = 7;
  EXPECT_THROW(MaeImpl(config, 0), ConfigError);
  config = toy();
  config.heads = 5;
  EXPECT_THROW(MaeImpl(config, 0), ConfigError);
}

TEST(Mae, ABatchPaddedToItsLongestSampleEqualsEachSampleAlone) {
  MaeImpl mae(toy(), 2);
  const auto patches = random_patches(toy(), 4);
  const auto mask = random_mask(16, {3, 11, 15, 8});  // 13, 5, 1 and 8 visible
  const auto visible = visible_tokens(mask, 16, /*fixed=*/false);
  const auto together = mae.forward(patches, visible);
  const auto encoded = mae.encode(patches, visible);
  for (int64_t i = 0; i < 4; ++i) {
    const auto own_mask = mask.narrow(0, i, 1);
    const int64_t count = 16 - own_mask.sum().item<int64_t>();
    const auto alone = visible_tokens(own_mask, count, /*fixed=*/false);
    EXPECT_LE(distance(together.narrow(0, i, 1), mae.forward(patches.narrow(0, i, 1), alone)), 2e-6) << i;
    EXPECT_LE(distance(encoded.narrow(0, i, 1).narrow(1, 0, 1 + count), mae.encode(patches.narrow(0, i, 1), alone)),
              4e-6)
        << i;
  }
}

TEST(Mae, PaddedGradientsAreTheSumOfEachSamplesOwn) {
  MaeImpl mae(toy(), 2);
  const auto patches = random_patches(toy(), 3);
  const auto mask = random_mask(16, {3, 11, 15});
  const auto together = gradients_of(mae, patches, mask, visible_tokens(mask, 16, false));
  std::map<std::string, torch::Tensor> summed;
  for (int64_t i = 0; i < 3; ++i) {
    const auto own_mask = mask.narrow(0, i, 1);
    const auto own_visible = visible_tokens(own_mask, 16 - own_mask.sum().item<int64_t>(), true);
    for (const auto& [name, gradient] : gradients_of(mae, patches.narrow(0, i, 1), own_mask, own_visible)) {
      summed[name] = summed.contains(name) ? summed[name] + gradient : gradient;
    }
  }
  EXPECT_LE(relative_norm(together, summed), 1e-6);
}

TEST(Mae, TheFixedCountPathEqualsTheGeneralOne) {
  MaeImpl mae(toy(), 2);
  const auto patches = random_patches(toy(), 3);
  const auto mask = random_mask(16, {12, 12, 12});
  const auto fixed = visible_tokens(mask, 4, true);
  const auto general = visible_tokens(mask, 4, false);
  const auto all = mae.forward(patches, general);
  ASSERT_EQ(all.size(1), 16);
  const auto masked = all.gather(1, fixed.masked.unsqueeze(-1).expand({3, 12, 192}));
  const auto quick = mae.forward(patches, fixed);
  EXPECT_LE(distance(quick, masked), 2e-6);
  const double loss = mae.loss_sum(patches, quick, mask, fixed).item<double>();
  EXPECT_NEAR(loss, mae.loss_sum(patches, all, mask, general).item<double>(), 1e-5 * loss);
  EXPECT_LE(relative_norm(gradients_of(mae, patches, mask, fixed), gradients_of(mae, patches, mask, general)), 1e-6);
}

TEST(Mae, TheLossIsTheMeanSquaredErrorOfEachMaskedPatchSummed) {
  const MaeImpl mae(toy(), 2);
  const auto target = random_patches(toy(), 2);
  const auto mask = random_mask(16, {5, 9});
  const auto visible = visible_tokens(mask, 16, false);
  auto predictions = target + 3.0;
  predictions.masked_fill_(~mask.unsqueeze(-1), 1e6);  // visible patches must not count
  EXPECT_NEAR(mae.loss_sum(target, predictions, mask, visible).item<double>(), 14 * 9.0, 1e-3);
}

TEST(Mae, NormPixComparesWithEachPatchsOwnStandardisedPixels) {
  auto config = toy();
  config.norm_pix = true;
  const MaeImpl mae(config, 2);
  const auto target = random_patches(config, 1) * 4.0 + 7.0;
  const auto mask = torch::ones({1, 16}, torch::kBool).narrow(1, 0, 16);
  const auto visible = visible_tokens(mask, 16, false);
  const auto wanted = (target - target.mean(-1, true)) / (target.var(-1, true, true) + 1e-6).sqrt();
  EXPECT_NEAR(mae.loss_sum(target, wanted, mask, visible).item<double>(), 0.0, 1e-6);
  EXPECT_NEAR(mae.loss_sum(target, torch::zeros_like(target), mask, visible).item<double>(), 16 * 191.0 / 192.0, 1e-3);
}

TEST(Mae, Bf16ParametersGiveNearlyTheSameGradients) {
  MaeImpl exact(toy(), 2);
  MaeImpl rounded(toy(), 2);
  rounded.to(torch::kBFloat16);
  const auto patches = random_patches(toy(), 3);
  const auto mask = random_mask(16, {12, 12, 12});
  const auto visible = visible_tokens(mask, 4, true);
  const auto wanted = gradients_of(exact, patches, mask, visible);
  EXPECT_LE(relative_norm(gradients_of(rounded, patches.to(torch::kBFloat16), mask, visible), wanted), 0.03);
}

}  // namespace
}  // namespace realface::models
