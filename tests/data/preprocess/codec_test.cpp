#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/preprocess/config.h"
#include "data/preprocess/plan.h"

namespace realface::data::preprocess {
namespace {

using testing::HasSubstr;

PreprocessConfig wanted(const std::string& codec, int quality = 95, const std::string& subsampling = "4:4:4") {
  PreprocessConfig config;
  config.output = "somewhere";
  config.codec = codec;
  config.jpeg_quality = quality;
  config.jpeg_subsampling = subsampling;
  return config;
}

std::string plan_digest(const PreprocessConfig& config) {
  importers::Source source;
  source.key = "a";
  source.split = "train";
  return make_plan({source}, described(config, "model", "detector"), "v").digest;
}

std::string complaint(const PreprocessConfig& config) {
  try {
    check(config);
  } catch (const UsageError& error) { return error.what(); }
  return "";
}

TEST(PreprocessCodec, PlanHoldsWhatDecidesTheFrames) {
  for (const auto& config : {wanted("raw"), wanted("gdiff-up-zstd"), wanted("png"), wanted("jpeg", 80, "4:2:0")}) {
    EXPECT_EQ(complaint(config), "");
    EXPECT_EQ(frame_codec(described(config, "model", "detector")), frame_codec(config)) << config.codec;
  }
  EXPECT_EQ(frame_codec(wanted("jpeg", 80, "4:2:0")), CodecConfig::jpeg(80, "4:2:0"));
}

TEST(PreprocessCodec, DigestOfThePlanChangesWithJpegSettingsAlone) {
  const std::set<std::string> jpeg = {plan_digest(wanted("jpeg")), plan_digest(wanted("jpeg", 94)),
                                      plan_digest(wanted("jpeg", 95, "4:2:2")), plan_digest(wanted("png"))};
  EXPECT_EQ(jpeg.size(), 4u);
  EXPECT_EQ(plan_digest(wanted("png", 10, "4:2:0")), plan_digest(wanted("png")));
}

TEST(PreprocessCodec, RefusesWhatNoEncoderCanDo) {
  EXPECT_THAT(complaint(wanted("jpg")), HasSubstr("did you mean jpeg?"));
  EXPECT_THAT(complaint(wanted("jpeg", 0)), HasSubstr("quality of 0"));
  EXPECT_THAT(complaint(wanted("jpeg", 95, "4:1:1")), HasSubstr("4:1:1"));
}

TEST(PreprocessCodec, ExpectsFewerBytesOfACodecThatTakesFewer) {
  importers::Source source;
  const auto bytes = [&](const char* codec) {
    return expected_bytes(source, described(wanted(codec), "model", "detector"));
  };
  EXPECT_LT(bytes("jpeg"), bytes("gdiff-up-zstd"));
  EXPECT_LT(bytes("gdiff-up-zstd"), bytes("png"));
  EXPECT_LT(bytes("png"), bytes("raw"));
}

}  // namespace
}  // namespace realface::data::preprocess
