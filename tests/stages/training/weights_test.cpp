#include "stages/training/initial_weights.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "base/sha256.h"
#include "models/weights/tensor_file.h"

namespace realface::stages {
namespace {

using testing::HasSubstr;

models::MaeConfig config() {
  return {.image = 16,
          .patch = 4,
          .width = 16,
          .depth = 1,
          .heads = 2,
          .decoder_width = 8,
          .decoder_depth = 1,
          .decoder_heads = 2};
}

torch::Tensor parameter(const models::MaeImpl& network, const std::string& name) {
  return network.named_parameters()[name].detach();
}

class InitialWeights : public testing::Test {
 protected:
  InitialWeights()
      : path_(std::filesystem::temp_directory_path() / ("realface-init-" + std::to_string(getpid()) + ".safetensors")) {
    for (const auto& item : source_.named_parameters()) { file_.tensors[item.key()] = item.value().detach(); }
  }
  ~InitialWeights() override { std::filesystem::remove(path_); }

  std::string load() {
    models::write_tensor_file(path_, file_);
    return load_initial_weights(path_.string(), target_);
  }
  std::string fault() {
    try {
      load();
    } catch (const Error& error) { return error.what(); }
    return "";
  }
  bool taken(const std::string& name) { return at::equal(parameter(target_, name), parameter(source_, name)); }

  std::filesystem::path path_;
  models::MaeImpl source_{config(), 1}, target_{config(), 2};
  models::TensorFile file_;
};

TEST_F(InitialWeights, AWholeAutoencoderIsTaken) {
  const auto source = load();
  for (const auto& item : source_.named_parameters()) { EXPECT_TRUE(taken(item.key())) << item.key(); }
  EXPECT_EQ(source, path_.string() + ", SHA-256 " + hex(sha256_file(path_.string())));
}

TEST_F(InitialWeights, AnEncoderLeavesTheDecoderAsItWas) {
  std::erase_if(file_.tensors,
                [](const auto& item) { return item.first.starts_with("decoder_") || item.first == "mask_token"; });
  file_.tensors["head.weight"] = at::zeros({3, 16});
  EXPECT_THAT(load(), HasSubstr("encoder only"));
  EXPECT_TRUE(taken("blocks.0.attn.qkv.weight"));
  EXPECT_FALSE(taken("decoder_pred.weight"));
}

TEST_F(InitialWeights, PrefixesOfOtherProgramsArePassedBy) {
  models::TensorFile prefixed;
  for (const auto& [name, tensor] : file_.tensors) { prefixed.tensors["module.encoder." + name] = tensor; }
  file_ = prefixed;
  load();
  EXPECT_TRUE(taken("norm.weight"));
}

TEST_F(InitialWeights, WhatDoesNotFitIsListedAndNothingIsTaken) {
  file_.tensors["norm.weight"] = at::zeros({5});
  file_.tensors["strange"] = at::zeros({1});
  file_.tensors.erase("decoder_norm.bias");
  const auto message = fault();
  EXPECT_THAT(message, HasSubstr("norm.weight is 5 there and 16 here"));
  EXPECT_THAT(message, HasSubstr("strange is unknown"));
  EXPECT_THAT(message, HasSubstr("decoder_norm.bias is missing"));
  EXPECT_FALSE(taken("blocks.0.attn.qkv.weight"));
}

TEST_F(InitialWeights, AMissingFileIsNamed) {
  EXPECT_THROW(load_initial_weights("/nonexistent/weights.safetensors", target_), Error);
}

}  // namespace
}  // namespace realface::stages
