#include "stages/reconstruct/face_mapper.h"

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/corrcoef.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/stack.h>
#include <gtest/gtest.h>

#include "models/layers/grad_cam.h"
#include "models/localizer/localizer.h"
#include "models/mapping_net/mapping_net.h"
#include "stages/training/pixels.h"

namespace realface::stages {
namespace {

constexpr auto kRunning = models::Statistics::running;

torch::Tensor some_face() { return at::randint(256, {64, 64, 3}, torch::kUInt8); }

torch::Tensor planes_of(const torch::Tensor& face) {
  return Normaliser("imagenet", 1, torch::kCPU).planes(face.unsqueeze(0));
}

template <class Network, class Config>
std::shared_ptr<Network> add(models::Set& set, const std::string& name, const Config& config) {
  auto network = std::make_shared<Network>(config, 3);
  set.add(name, {network, true, "test"});
  return network;
}

models::LocalizerConfig small_localizer(bool maps, bool locates) {
  models::LocalizerConfig config;
  config.encoder = config.mapping.size = "small";
  config.maps = maps, config.locates = locates;
  return config;
}

/// Every fourth pixel of an enlarged map.
void expect_map(const torch::Tensor& shown, const torch::Tensor& map) {
  ASSERT_EQ(shown.sizes(), (std::vector<int64_t>{64, 64, 3}));
  const auto expected = (map[0].clamp(0, 1) * 255).round().permute({1, 2, 0}).to(torch::kUInt8);
  for (const int64_t place : {0, 3}) {
    EXPECT_TRUE(shown.slice(0, place, 64, 4).slice(1, place, 64, 4).equal(expected)) << place;
  }
}

/// That of the score "fake" by these features, by one more way to the same gradient.
void expect_activation(const torch::Tensor& shown, const torch::Tensor& features, const torch::Tensor& logits) {
  ASSERT_EQ(shown.sizes(), (std::vector<int64_t>{64, 64}));
  EXPECT_FALSE(shown.requires_grad());
  EXPECT_GE(shown.min().item<float>(), 0);
  const auto cam = models::grad_cam(features, logits.select(1, 1));
  if (cam.max().item<float>() == 0) {
    EXPECT_EQ(shown.max().item<float>(), 0);
    return;
  }
  EXPECT_FLOAT_EQ(shown.max().item<float>(), 1);
  const auto coarse = at::adaptive_avg_pool2d(shown.view({1, 1, 64, 64}), {cam.size(1), cam.size(2)}).flatten();
  const auto pair = at::stack({coarse, cam.flatten()});
  EXPECT_GT(at::corrcoef(pair)[0][1].item<float>(), 0.8);
}

TEST(FaceMapper, IsNoneWithoutANetworkThatMaps) {
  const models::Set none;
  EXPECT_FALSE(face_mapper(none, torch::kCPU));
  EXPECT_FALSE(locates(none));
}

TEST(FaceMapper, ShowsTheMapOfAMappingNetwork) {
  models::Set set;
  models::MappingConfig config;
  config.size = "small";
  const auto network = add<models::MappingNetImpl>(set, "mapping", config);
  const auto face = some_face();
  const auto found = [&] {
    const torch::NoGradGuard as_in_the_stage;
    return face_mapper(set, torch::kCPU)(face);
  }();
  const auto features = network->features(planes_of(face), kRunning);
  const auto mapped = network->head().forward(features, kRunning);
  expect_map(found.map, mapped.map.detach());
  expect_activation(found.activation, features, mapped.logits);
  EXPECT_FALSE(found.mask.defined());
  EXPECT_FALSE(locates(set));
}

TEST(FaceMapper, ShowsWhatALocaliserHas) {
  const auto face = some_face();
  for (const auto& [maps, has_mask] : {std::pair(true, true), std::pair(true, false), std::pair(false, true)}) {
    models::Set set;
    const auto network = add<models::LocalizerImpl>(set, "localizer", small_localizer(maps, has_mask));
    const auto found = face_mapper(set, torch::kCPU)(face);
    const auto pictures = planes_of(face);
    const auto features = network->features(pictures, kRunning);
    const auto expected = network->forward(pictures, features, network->adapted(), kRunning, {});
    EXPECT_EQ(locates(set), has_mask);
    ASSERT_EQ(found.mask.defined(), has_mask);
    ASSERT_EQ(found.map.defined(), maps);
    if (has_mask) { EXPECT_TRUE(found.mask.equal(expected.mask[0][0])); }
    if (maps) { expect_map(found.map, expected.map.detach()); }
    expect_activation(found.activation, maps ? features : expected.encoded, expected.logits);
  }
}

}  // namespace
}  // namespace realface::stages
