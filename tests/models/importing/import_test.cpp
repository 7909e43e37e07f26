#include "models/importing/import.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "base/error.h"
#include "models/importing/expected.h"
#include "models/layers/block.h"
#include "models/mae/description.h"
#include "models/mae/masked_autoencoder.h"
#include "models/set.h"
#include "models/vit/classifier.h"
#include "models/vit/description.h"
#include "models/xception/xception.h"
#include "tests/models/close.h"

/// Files that the libraries wrote (fixtures/weights_fixture.py), imported, and what the libraries compute with them.
namespace realface::models {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

std::filesystem::path imported_file(const std::string& name) {
  return std::filesystem::path(REALFACE_FIXTURES "/weights") / name;
}

const torch::Tensor& library(const std::string& name) {
  static const auto kAll = read_tensor_file(imported_file("expected.safetensors"));
  return kAll.tensors.at(name);
}

ImportOptions as(const std::string& kind) {
  ImportOptions options;
  options.kind = kind, options.heads = 2, options.decoder_heads = 2, options.image = 16, options.frames = 4;
  return options;
}

Imported imported(const std::string& name, const ImportOptions& options) {
  return import_weights(read_tensor_file(imported_file(name)), imported_file(name), options);
}

std::string fault(const TensorFile& file, const ImportOptions& options) {
  try {
    import_weights(file, "some.pth", options);
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("[some.pth]"));
    return error.what();
  }
  return "";
}

nlohmann::json description(const Imported& weights) {
  return nlohmann::json::parse(weights.file.metadata.at("description"));
}

void fill(torch::nn::Module& network, const Imported& weights) {
  const torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : named_tensors(network)) { tensor.detach().copy_(weights.file.tensors.at(name)); }
  EXPECT_EQ(named_tensors(network).size(), weights.file.tensors.size());
}

/// Predictions of the masked tokens, by a network whose sizes the file itself told.
torch::Tensor predicted(const Imported& weights, const torch::Tensor& tokens, const torch::Tensor& mask) {
  const torch::NoGradGuard no_grad;
  const auto network = make_autoencoder(mae_description(description(weights)).config);
  fill(*network, weights);
  const auto masked = mask[0].sum().item<int64_t>();
  return network->forward(tokens, visible_tokens(mask, mask.size(1) - masked, /*fixed=*/true));
}

/// Of a library that predicts all tokens, those that are masked.
torch::Tensor masked_rows(const torch::Tensor& prediction, const torch::Tensor& mask) {
  return prediction.masked_select(mask.unsqueeze(-1)).view({mask.size(0), -1, prediction.size(2)});
}

void expect_equal(const Imported& weights, const Imported& others) {
  EXPECT_EQ(weights.file.tensors.size(), others.file.tensors.size());
  for (const auto& [name, tensor] : others.file.tensors) {
    ASSERT_TRUE(weights.file.tensors.contains(name)) << name;
    EXPECT_TRUE(weights.file.tensors.at(name).equal(tensor)) << name;
  }
}

TEST(Import, TransformersMaePredictsWhatItDidThere) {
  const auto weights = imported("vit_mae_transformers.safetensors", as("mae"));
  const auto& mask = library("mae/mask");
  const auto predictions = predicted(weights, patchify(library("mae/pictures"), 4), mask);
  expect_close(predictions, masked_rows(library("mae/prediction"), mask), "prediction");
}

TEST(Import, TheReleasedMaeIsItsEncoder) {
  auto whole = imported("vit_mae_transformers.safetensors", as("mae"));
  const auto weights = imported("mae_pretrain.pth", as("mae"));
  std::erase_if(whole.file.tensors, [](const auto& one) { return of_decoder(one.first); });
  expect_equal(weights, whole);
  EXPECT_FALSE(description(weights).contains("decoder_width"));
  EXPECT_EQ(description(weights).at("pixels"), "imagenet");
}

TEST(Import, RffrsIsAMaeOfPixelsAsTheyAre) {
  const auto weights = imported("rffr.pth.tar", as("rffr"));
  expect_equal(weights, imported("vit_mae_transformers.safetensors", as("mae")));
  EXPECT_EQ(description(weights).at("pixels"), "unit");
}

TEST(Import, TransformersVideoMaePredictsWhatItDidThere) {
  const auto weights = imported("video_mae_transformers.safetensors", as("video_mae"));
  const auto predictions = predicted(weights, tubify(library("video_mae/clips"), 4, 2), library("video_mae/mask"));
  expect_close(predictions, library("video_mae/prediction"), "prediction");
}

TEST(Import, TheFinetunedVideoMaeIsItsEncoder) {
  auto whole = imported("video_mae_transformers.safetensors", as("video_mae"));
  std::erase_if(whole.file.tensors,
                [](const auto& one) { return of_decoder(one.first) || one.first.starts_with("encoder.norm."); });
  auto options = as("video_mae");
  options.allow_missing = {"norm"}, options.allow_unexpected = {"fc_norm", "head"};
  expect_equal(imported("video_mae_finetuned.pth", options), whole);
}

TEST(Import, MarlinPredictsWhatItDidThere) {
  const auto weights = imported("marlin.full.pt", as("marlin"));
  const auto predictions = predicted(weights, tubify(library("marlin/clips"), 4, 2), library("marlin/mask"));
  expect_close(predictions, library("marlin/prediction"), "prediction");
  EXPECT_EQ(description(weights).at("pixels"), "unit");
  auto encoder = weights;
  std::erase_if(encoder.file.tensors, [](const auto& one) { return of_decoder(one.first); });
  expect_equal(imported("marlin.encoder.pt", as("marlin")), encoder);
}

TEST(Import, AnotherTableThanMarlinsIsRefused) {
  auto file = read_tensor_file(imported_file("marlin.encoder.pt"));
  file.tensors.at("encoder.pos_embedding.emb")[0][3] += 1;
  EXPECT_THAT(fault(file, as("marlin")), HasSubstr("pos_embedding.emb that is not the fixed table"));
}

TEST(Import, TimmsVisionTransformerClassifiesAsItDidThere) {
  const auto weights = imported("vit_timm.safetensors", as("vit"));
  const auto network = make_classifier(vit_description(description(weights)).config);
  fill(*network, weights);
  const torch::NoGradGuard no_grad;
  const auto logits = network->classify(network->features(patchify(library("vit/pictures"), 4)));
  expect_close(logits, library("vit/logits"), "logits");
  expect_equal(imported("vit_timm.pth", as("vit")), weights);
}

/// The library's tensors of these names all come out, and nothing else.
void expect_taken(const Imported& weights, const std::string& kind, const std::vector<std::string>& but) {
  static const auto kAll = read_tensor_file(imported_file("expected.safetensors")).tensors;
  size_t count = 0;
  for (const auto& [full, tensor] : kAll) {
    const auto name = full.substr(std::min(full.size(), kind.size() + 1));
    if (!full.starts_with(kind + "/")) { continue; }
    if (std::ranges::any_of(but, [&](const auto& one) { return name.starts_with(one); })) { continue; }
    ++count;
    ASSERT_TRUE(weights.file.tensors.contains(name)) << name;
    const auto& taken = weights.file.tensors.at(name);
    EXPECT_TRUE(taken.flatten().equal(tensor.flatten())) << name;
    EXPECT_NE(taken.dim(), 2) << name;
  }
  EXPECT_EQ(weights.file.tensors.size(), count);
  EXPECT_GT(count, 50u);
}

TEST(Import, ConvolutionalNetworksKeepWhatIsUsed) {
  expect_taken(imported("resnet18.pth", as("resnet18")), "resnet18", {"layer4.", "fc."});
  expect_taken(imported("se_resnet.pth", as("se_resnet50")), "se_resnet", {"last_linear."});
  auto xception = imported("xception.pth", as("xception"));
  EXPECT_EQ(xception.file.tensors.at("fc.weight").size(0), 3);
  xception.file.tensors.erase("fc.weight");  // the only matrix
  expect_taken(xception, "xception", {"fc.weight"});
}

int64_t parameters_of(const importing::Shapes& shapes) {
  int64_t parameters = 0;
  for (const auto& [name, shape] : shapes) {
    const auto product = std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
    if (name.find("running_") == std::string::npos) { parameters += product; }
  }
  return parameters;
}

TEST(Import, XceptionOfFullSizeHasItsParameters) {
  Tensors widths;
  for (const auto& [name, width] : std::map<std::string, int64_t>{{"conv1.weight", 32},
                                                                  {"conv2.weight", 64},
                                                                  {"block1.skip.weight", 128},
                                                                  {"block2.skip.weight", 256},
                                                                  {"block3.skip.weight", 728},
                                                                  {"block12.skip.weight", 1024},
                                                                  {"conv3.pointwise.weight", 1536},
                                                                  {"conv4.pointwise.weight", 2048}}) {
    widths[name] = at::empty({width});
  }
  const auto expected = importing::expected_xception({widths, "x"}, {}).required;
  EXPECT_EQ(parameters_of(expected), 20'806'952);
  EXPECT_EQ(expected, importing::shapes_of(XceptionImpl(XceptionConfig{})));
}

TEST(Import, SeNet154OfFullSizeHasItsParameters) {
  Tensors tensors;
  const std::array<int64_t, 4> blocks{3, 8, 36, 3};
  for (int64_t i = 0; i < 4; ++i) {
    for (int64_t k = 0; k < blocks[static_cast<size_t>(i)]; ++k) {
      tensors[fmt::format("layer{}.{}.conv1.weight", i + 1, k)] = at::empty({int64_t{128} << i});
    }
  }
  tensors["layer0.conv1.weight"] = at::empty({64});
  const auto few = [&] { importing::expected_senet154({tensors, "x"}, {}); };
  EXPECT_THROW(few(), Error);  // no such network has so few numbers
  tensors["rest"] = at::empty({113'039'984}, torch::kMeta);
  EXPECT_EQ(parameters_of(importing::expected_senet154({tensors, "x"}, {}).required), 113'039'984);
}

TEST(Import, WhatDoesNotFitIsListedUnlessAllowedByName) {
  auto file = read_tensor_file(imported_file("mae_pretrain.pth"));
  file.tensors.erase("norm.weight");
  file.tensors["blocks.1.mlp.fc2.bias"] = at::zeros({7});
  file.tensors["head.weight"] = at::zeros({3, 8}), file.tensors["head.bias"] = at::zeros({3});
  auto options = as("mae");
  const auto message = fault(file, options);
  EXPECT_THAT(message, HasSubstr("missing:\n    norm.weight"));
  EXPECT_THAT(message, HasSubstr("unexpected:\n    head.bias\n    head.weight"));
  EXPECT_THAT(message, HasSubstr("of another shape:\n    blocks.1.mlp.fc2.bias is 7, expected 8"));
  options.allow_unexpected = {"head"};
  EXPECT_THAT(fault(file, options), Not(HasSubstr("unexpected:")));
  options.allow_missing = {"norm", "blocks.1.mlp.fc2.bias"};
  const auto weights = import_weights(file, "some.pth", options);
  EXPECT_FALSE(weights.file.tensors.contains("head.weight"));
  EXPECT_FALSE(weights.file.tensors.contains("blocks.1.mlp.fc2.bias"));
  EXPECT_TRUE(weights.file.tensors.contains("norm.bias"));
  EXPECT_THAT(weights.notes, Contains(HasSubstr("blocks.1.mlp.fc2.bias, head.bias, head.weight")));
  options.allow_missing = {"nor"};
  EXPECT_THAT(fault(file, options), HasSubstr("norm.weight"));
}

TEST(Import, ANetworkOfAnotherKindIsRefused) {
  const auto pictures = read_tensor_file(imported_file("mae_pretrain.pth"));
  const auto clips = read_tensor_file(imported_file("video_mae_finetuned.pth"));
  EXPECT_THAT(fault(pictures, as("video_mae")), HasSubstr("is a network of pictures"));
  EXPECT_THAT(fault(clips, as("mae")), HasSubstr("is a network of clips"));
  EXPECT_THAT(fault(pictures, as("resnet18")), HasSubstr("holds no layer1.0.conv1.weight"));
  EXPECT_THAT(fault(read_tensor_file(imported_file("xception.pth")), as("mae")), HasSubstr("holds no patch_embed"));
  auto headless = as("mae");
  headless.heads = 0;
  EXPECT_THAT(fault(pictures, headless), HasSubstr("give --heads"));
  headless.heads = 3;
  EXPECT_THAT(fault(pictures, headless), HasSubstr("3 heads"));
  EXPECT_THROW(import_weights(pictures, "some.pth", as("mea")), Error);
}

TEST(Import, TwoTensorsOfOneNameAreRefused) {
  TensorFile file;
  file.tensors = {{"module.norm.weight", at::zeros({1})}, {"encoder.norm.weight", at::zeros({1})}};
  EXPECT_THAT(fault(file, as("mae")), HasSubstr("two tensors that are both norm.weight"));
}

TEST(Import, APositionTableIsInterpolatedWhenAsked) {
  auto file = read_tensor_file(imported_file("mae_pretrain.pth"));
  file.tensors.at("pos_embed") = library("grid/4");
  auto options = as("mae");
  EXPECT_TRUE(import_weights(file, "some.pth", options).file.tensors.at("pos_embed").equal(library("grid/4")));
  options.image = 24;
  const auto larger = import_weights(file, "some.pth", options);
  expect_close(larger.file.tensors.at("pos_embed"), library("grid/6"), "pos_embed");
  EXPECT_EQ(description(larger).at("image"), 24);
  options.image = 0, options.grid = 6;
  expect_close(import_weights(file, "some.pth", options).file.tensors.at("pos_embed"), library("grid/6"), "pos_embed");
  options.grid = 0, options.image = 18;
  EXPECT_THAT(fault(file, options), HasSubstr("do not divide --image 18"));
  file.tensors.at("pos_embed") = at::zeros({1, 16, 8});
  EXPECT_THAT(fault(file, options), HasSubstr("18"));
  options.image = 0;
  EXPECT_THAT(fault(file, options), HasSubstr("15 patches, which are no square"));
}

TEST(Import, PicturesAreInflatedToClipsWhenAsked) {
  const auto file = read_tensor_file(imported_file("vit_mae_transformers.safetensors"));
  const auto flat = import_weights(file, "some.pth", as("mae")).file.tensors;
  auto options = as("mae");
  options.inflate_frames = 8, options.inflate_tubelet = 2;
  const auto weights = import_weights(file, "some.pth", options);
  const auto& clips = weights.file.tensors;
  const auto& embedding = clips.at("encoder.patch_embed.proj.weight");
  EXPECT_EQ(embedding.sizes(), (std::vector<int64_t>{8, 3, 2, 4, 4}));
  expect_close(embedding.sum(2), flat.at("patch_embed.proj.weight"), "a still clip is embedded as its picture");
  EXPECT_EQ(description(weights).at("architecture"), "video_mae");
  EXPECT_EQ(description(weights).at("frames"), 8);
  EXPECT_FALSE(clips.contains("mask_token"));

  Attention pictures(8, 2), of_clips(8, 2, QkvBias::queries_and_values);
  const torch::NoGradGuard no_grad;
  for (auto& item : pictures.named_parameters()) { item.value().copy_(flat.at("blocks.1.attn." + item.key())); }
  for (auto& item : of_clips.named_parameters()) {
    item.value().copy_(clips.at("encoder.blocks.1.attn." + item.key()));
  }
  const auto tokens = at::randn({2, 5, 8});
  expect_close(of_clips.forward(tokens), pictures.forward(tokens), "biases of keys do not matter");
  EXPECT_THAT(fault(read_tensor_file(imported_file("video_mae_finetuned.pth")), options),
              HasSubstr("no network of pictures"));
}

TEST(Import, TheLicenceIsTheFilesOrTheKinds) {
  auto file = read_tensor_file(imported_file("mae_pretrain.pth"));
  EXPECT_EQ(import_weights(file, "some.pth", as("mae")).file.metadata.at("license"), "CC-BY-NC-4.0");
  file.metadata["licence"] = "Apache-2.0";
  EXPECT_EQ(import_weights(file, "some.pth", as("mae")).licence, "Apache-2.0");
  auto own = as("mae");
  own.licence = "my own";
  EXPECT_EQ(import_weights(file, "some.pth", own).file.metadata.at("license"), "my own");
  EXPECT_FALSE(imported("vit_timm.pth", as("vit")).file.metadata.contains("license"));
}

}  // namespace
}  // namespace realface::models
