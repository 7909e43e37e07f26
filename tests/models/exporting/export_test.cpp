#include "models/exporting/export.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/zeros.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/atomic_file.h"
#include "base/error.h"
#include "models/importing/import.h"
#include "models/set.h"
#include "models/weights/torch_save/saving.h"
#include "models/xception/description.h"
#include "models/xception/xception.h"
#include "tests/temporary_folder.h"

/// The way out: what the libraries call the tensors (fixtures/export_fixture.py), and the way in again.
namespace realface::models {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

const std::string kGiven = REALFACE_FIXTURES "/weights/";

/// A tiny network that a library saved, as ours.
Imported network_of(const std::string& file, const std::string& kind) {
  ImportOptions options;
  options.kind = kind, options.heads = 2, options.decoder_heads = 2, options.image = 16, options.frames = 4;
  return import_weights(read_tensor_file(kGiven + file), kGiven + file, options);
}

Exported exported_to(const std::string& target, const Imported& network) {
  return export_weights(network.file.tensors, Json::parse(network.file.metadata.at("description")), target);
}

const Json& library_says(const std::string& what) {
  static const auto kAll = Json::parse(read_file(REALFACE_FIXTURES "/export_names.json"));
  return kAll.at(what);
}

Json shapes_in(const TensorFile& file) {
  Json shapes;
  for (const auto& [name, tensor] : file.tensors) { shapes[name] = tensor.sizes().vec(); }
  return shapes;
}

void expect_same_tensors(const Tensors& found, const Tensors& wanted) {
  EXPECT_EQ(found.size(), wanted.size());
  for (const auto& [name, tensor] : wanted) {
    ASSERT_TRUE(found.contains(name)) << name;
    EXPECT_TRUE(found.at(name).equal(tensor)) << name;
  }
}

std::string refusal(const std::string& target, const Json& description) {
  try {
    export_weights({}, description, target);
  } catch (const Error& error) { return error.what(); }
  return "";
}

TEST(Export, TheNamesAreThoseOfTheLibraries) {
  const auto mae = network_of("vit_mae_transformers.safetensors", "mae");
  const auto clips = network_of("video_mae_transformers.safetensors", "video_mae");
  EXPECT_EQ(shapes_in(exported_to("timm", mae).file), library_says("timm/mae"));
  EXPECT_EQ(shapes_in(exported_to("timm", network_of("vit_timm.safetensors", "vit")).file), library_says("timm/vit"));
  EXPECT_EQ(shapes_in(exported_to("transformers", mae).file), library_says("transformers/mae"));
  EXPECT_EQ(shapes_in(exported_to("transformers", clips).file), library_says("transformers/video_mae"));
}

TEST(Export, WhatCameFromALibraryGoesBackAsItWas) {
  for (const auto& [file, kind] : std::map<std::string, std::string>{
           {"vit_mae_transformers.safetensors", "mae"}, {"video_mae_transformers.safetensors", "video_mae"}}) {
    expect_same_tensors(exported_to("transformers", network_of(file, kind)).file.tensors,
                        read_tensor_file(kGiven + file).tensors);
  }
  expect_same_tensors(exported_to("timm", network_of("vit_timm.safetensors", "vit")).file.tensors,
                      read_tensor_file(kGiven + "vit_timm.safetensors").tensors);
  const auto mae = network_of("vit_mae_transformers.safetensors", "mae");
  expect_same_tensors(exported_to("timm", mae).file.tensors, network_of("mae_pretrain.pth", "mae").file.tensors);
}

TEST(Export, TransformersIsToldWhatTheNetworkIs) {
  for (const auto& [file, kind] : std::map<std::string, std::string>{
           {"vit_mae_transformers.safetensors", "mae"}, {"video_mae_transformers.safetensors", "video_mae"}}) {
    const auto& theirs = library_says("config/transformers/" + kind);
    const auto ours = exported_to("transformers", network_of(file, kind)).config;
    for (const auto& [key, value] : ours.items()) {
      // Version 5 reads the old name of this key and writes a new one.
      const auto& written = kind == "video_mae" && key == "qkv_bias" ? "qv_bias" : key;
      EXPECT_EQ(value, theirs.at(written)) << key;
    }
    const std::set<std::string> left{"dtype", "initializer_range", "mask_ratio", "qv_bias", "transformers_version"};
    for (const auto& [key, value] : theirs.items()) { EXPECT_TRUE(ours.contains(key) || left.contains(key)) << key; }
  }
}

TEST(Export, ReadersAreToldTheCall) {
  EXPECT_EQ(exported_to("timm", network_of("vit_timm.safetensors", "vit")).python,
            "timm.create_model(\"vit_base_patch16_224\", img_size=16, patch_size=4, embed_dim=8, depth=2, num_heads=2, "
            "global_pool=\"avg\", num_classes=2)");
  const auto description = network_of("vit_mae_transformers.safetensors", "mae").file.metadata.at("description");
  auto base = Json::parse(description);
  base.update({{"image", 224}, {"patch", 16}, {"width", 768}, {"depth", 12}, {"heads", 12}});
  EXPECT_EQ(export_weights({}, base, "timm").python, "timm.create_model(\"vit_base_patch16_224\", num_classes=0)");
}

TEST(Export, XceptionHasTimmsNamesAlready) {
  XceptionConfig config;
  config.classes = 2;
  const XceptionImpl network(config);
  const auto exported = export_weights(named_tensors(network), describe(config), "timm");
  expect_same_tensors(exported.file.tensors, named_tensors(network));
  EXPECT_EQ(exported.python, "timm.create_model(\"legacy_xception\", num_classes=2)");
  config.size = "small";
  EXPECT_THAT(refusal("timm", describe(config)), HasSubstr("xception of full size"));
}

TEST(Export, OtherNetworksAndTargetsAreRefused) {
  const auto clips =
      Json::parse(network_of("video_mae_transformers.safetensors", "video_mae").file.metadata.at("description"));
  EXPECT_THAT(refusal("timm", clips), HasSubstr("mae (the encoder), vit, and xception"));
  XceptionConfig config;
  EXPECT_THAT(refusal("transformers", describe(config)), HasSubstr("it has mae and video_mae"));
  EXPECT_THAT(refusal("keras", clips),
              HasSubstr("no target 'keras'; known are safetensors, torch, timm, transformers"));
}

TEST(Export, AnExportIsAnImportWithoutBeingTold) {
  const auto mae = network_of("vit_mae_transformers.safetensors", "mae");
  const auto again = import_weights(exported_to("transformers", mae).file, "exported", [] {
    ImportOptions options;
    options.kind = "mae", options.heads = 2, options.decoder_heads = 2;
    return options;
  }());
  EXPECT_EQ(weights_sha256(again.file.tensors), weights_sha256(mae.file.tensors));
}

TEST(TorchFile, OurOwnReaderFindsWhatWasSaved) {
  const TemporaryFolder folder;
  const Tensors tensors{{"half", at::arange(6, torch::kHalf).view({2, 3})},
                        {"turned", at::arange(6, torch::kFloat32).view({2, 3}).t()},
                        {"number", at::arange(1, torch::kInt64).squeeze()},
                        {"nothing", at::zeros({0, 4})},
                        {"brain", at::arange(5, torch::kBFloat16)}};
  const std::map<std::string, std::string> metadata{{"license", "CC-BY-NC-4.0"}, {"description", "{\"a\": 1}"}};
  const auto path = folder.path() / "some.pth";
  torch_save::save(path, tensors, metadata);
  const auto read = read_tensor_file(path);
  expect_same_tensors(read.tensors, tensors);
  EXPECT_EQ(read.metadata, metadata);
  for (const auto& [name, tensor] : tensors) { EXPECT_EQ(read.tensors.at(name).scalar_type(), tensor.scalar_type()); }
  const auto bytes = read_file(path);
  torch_save::save(path, tensors, metadata);
  EXPECT_EQ(bytes, read_file(path));
}

TEST(TorchFile, AFullDiskIsAnErrorAndLeavesNothing) {
  const Tensors tensors{{"a", at::zeros({4})}};
  EXPECT_THROW(torch_save::save("/dev/full/some.pth", tensors, {}), Error);
  const TemporaryFolder folder;
  EXPECT_THROW(torch_save::save(folder.path() / "none" / "some.pth", tensors, {}), Error);
  EXPECT_THROW(torch_save::save(folder.path() / "some.pth", {{"z", at::zeros({1}, torch::kComplexFloat)}}, {}), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace realface::models
