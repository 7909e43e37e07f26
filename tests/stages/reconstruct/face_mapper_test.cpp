#include "stages/reconstruct/face_mapper.h"

#include <ATen/ops/randint.h>
#include <gtest/gtest.h>

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

TEST(FaceMapper, IsNoneWithoutANetworkThatMaps) {
  const models::Set none;
  EXPECT_FALSE(face_mapper(none, torch::kCPU));
  EXPECT_FALSE(locates(none));
}

TEST(FaceMapper, ShowsTheMapOfAMappingNetwork) {
  const torch::NoGradGuard no_grad;
  models::Set set;
  models::MappingConfig config;
  config.size = "small";
  const auto network = add<models::MappingNetImpl>(set, "mapping", config);
  const auto face = some_face();
  const auto found = face_mapper(set, torch::kCPU)(face);
  expect_map(found.map, network->head().forward(network->features(planes_of(face), kRunning), kRunning).map);
  EXPECT_FALSE(found.mask.defined());
  EXPECT_FALSE(locates(set));
}

TEST(FaceMapper, ShowsWhatALocaliserHas) {
  const torch::NoGradGuard no_grad;
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
    if (maps) { expect_map(found.map, expected.map); }
  }
}

}  // namespace
}  // namespace realface::stages
