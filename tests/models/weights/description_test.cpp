#include "models/weights/description.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/mae/description.h"
#include "models/mae/mae.h"

namespace realface::models {
namespace {

using nlohmann::json;

MaeConfig unusual() {
  auto config = mae_preset("tiny");
  config.image = 32, config.patch = 8, config.width = 24, config.depth = 3, config.heads = 2;
  config.decoder_width = 16, config.decoder_depth = 1, config.decoder_heads = 4, config.mlp_ratio = 3;
  config.norm_pix = true;
  return config;
}

std::string fault(const json& description) {
  try {
    mae_description(description);
  } catch (const Error& error) { return error.what(); }
  return "";
}

TEST(Description, GivesBackEverySizeAndTheNormalisationOfPixels) {
  const auto written = describe(unusual(), "unit");
  const auto read = mae_description(json::parse(written.dump()));
  EXPECT_EQ(read.pixels, "unit");
  EXPECT_EQ(describe(read.config, read.pixels), written);
  EXPECT_EQ(read.config.image, 32);
  EXPECT_EQ(read.config.width, 24);
  EXPECT_EQ(read.config.decoder_heads, 4);
  EXPECT_EQ(read.config.mlp_ratio, 3);
  EXPECT_TRUE(read.config.norm_pix);
}

TEST(Description, ANetworkOfTheDescribedSizesHoldsTheWeights) {
  const MaeImpl trained(unusual(), 1);
  const MaeImpl empty(mae_description(describe(unusual(), "imagenet")).config);
  const auto theirs = trained.named_parameters(), ours = empty.named_parameters();
  ASSERT_EQ(ours.size(), theirs.size());
  for (const auto& item : theirs) { EXPECT_EQ(ours[item.key()].sizes(), item.value().sizes()) << item.key(); }
}

TEST(Description, AKeyNewerThanTheWeightsKeepsItsDefault) {
  auto old = describe(unusual(), "imagenet");
  old.erase("mlp_ratio");
  EXPECT_EQ(mae_description(old).config.mlp_ratio, MaeConfig().mlp_ratio);
  EXPECT_EQ(mae_description(old).config.width, 24);
}

TEST(Description, WhatThisProgramDoesNotKnowIsRefusedByName) {
  const auto with = [](const char* key, const json& value) {
    auto description = describe(unusual(), "unit");
    description[key] = value;
    return fault(description);
  };
  using testing::HasSubstr;
  EXPECT_THAT(with("rotary", true), HasSubstr("rotary = true"));
  EXPECT_THAT(with("pixels", "log"), HasSubstr("pixels = \"log\""));
  EXPECT_THAT(with("size", "giant"), HasSubstr("giant"));
  EXPECT_THAT(with("depth", 0), HasSubstr("depth = 0"));
  EXPECT_THAT(with("depth", "three"), HasSubstr("depth = \"three\""));
  EXPECT_THAT(with("norm_pix", 3), HasSubstr("norm_pix = 3"));
  EXPECT_THAT(with("architecture", "xception"), HasSubstr("xception"));
}

TEST(Description, WeightsThatDoNotSayWhatTheyAreAreRefused) {
  EXPECT_THAT(fault(nullptr), testing::HasSubstr("expected those of \"mae\""));
  EXPECT_THAT(fault(json::object()), testing::HasSubstr("expected those of \"mae\""));
  EXPECT_THAT(fault(json::array({1})), testing::HasSubstr("expected those of \"mae\""));
}

}  // namespace
}  // namespace realface::models
