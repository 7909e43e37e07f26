#include "stages/training/weights.h"

#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>

#include "base/error.h"
#include "base/sha256.h"
#include "checkpoints/saver.h"
#include "distributed/self_communicator.h"
#include "models/mae/description.h"
#include "models/mae/mae.h"
#include "models/mapping_net/mapping_net.h"
#include "models/vit/description.h"
#include "models/vit/vit.h"
#include "models/weights/tensor_file.h"
#include "models/xception/description.h"
#include "models/xception/xception.h"
#include "tests/temporary_folder.h"

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

models::Set set_of(const models::MaeConfig& sizes, uint64_t seed, bool frozen = false) {
  models::Set set;
  set.add("mae", {.module = std::make_shared<models::MaeImpl>(sizes, seed),
                  .frozen = frozen,
                  .source = "drawn",
                  .description = models::describe(sizes, "imagenet")});
  return set;
}

torch::Tensor parameter(const models::Set& set, const std::string& name) {
  return set.entry("mae").module->named_parameters()[name].detach();
}

/// Weights of seed 1 are saved; a network of seed 2 is to take them.
class LoadWeights : public testing::Test {
 protected:
  std::string source(const std::filesystem::path& path) { return load_weights(path, target_, "mae", *alone_).source; }
  std::string fault(const std::filesystem::path& path, const std::string& saved = "mae") {
    try {
      load_weights(path, target_, "mae", *alone_, {.saved = saved});
    } catch (const Error& error) { return error.what(); }
    return "";
  }
  bool taken(const std::string& name) { return at::equal(parameter(target_, name), parameter(source_, name)); }

  TemporaryFolder folder_;
  std::unique_ptr<distributed::Communicator> alone_ = distributed::make_self_communicator();
  models::Set source_ = set_of(config(), 1), target_ = set_of(config(), 2);
};

class InitialWeights : public LoadWeights {
 protected:
  InitialWeights() : file_{models::named_tensors(*source_.entry("mae").module), {}} {}
  std::filesystem::path path() const { return folder_.path() / "init.safetensors"; }
  std::string load() {
    models::write_tensor_file(path(), file_);
    return source(path());
  }
  std::string fault() {
    models::write_tensor_file(path(), file_);
    return LoadWeights::fault(path());
  }
  models::TensorFile file_;
};

/// Runs of one rank.
class CheckpointWeights : public LoadWeights {
 protected:
  std::filesystem::path run() const { return folder_.path() / "run"; }
  std::filesystem::path step(int64_t step) const { return run() / "checkpoints" / fmt::format("step-{}", step); }
  void save(models::Set& set, int64_t step) const {
    checkpoints::Provenance provenance;
    provenance.dataset_digest = "faces", provenance.code_version = "v1";
    checkpoints::Saver saver({}, run().string(), *alone_, provenance, set.parts());
    saver.save(step);
    saver.wait();
  }
};

TEST_F(InitialWeights, AWholeAutoencoderIsTaken) {
  const auto source = load();
  for (const auto& item : source_.entry("mae").module->named_parameters()) {
    EXPECT_TRUE(taken(item.key())) << item.key();
  }
  EXPECT_EQ(source, fmt::format("{}, SHA-256 {}", path().string(), hex(sha256_file(path().string()))));
  EXPECT_EQ(target_.entry("mae").source, source);
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

TEST_F(InitialWeights, ALearnedPositionTableIsRefusedSinceItWouldNeverBeTrained) {
  const auto fixed = parameter(target_, "pos_embed").clone();
  file_.tensors["pos_embed"] = at::randn({1, 17, 16}) * 0.02;
  const auto message = fault();
  EXPECT_THAT(message, HasSubstr("pos_embed is never trained here"));
  EXPECT_TRUE(parameter(target_, "pos_embed").equal(fixed));
  EXPECT_FALSE(taken("norm.weight") && taken("mask_token"));

  auto frozen = set_of(config(), 2, /*frozen=*/true);  // nothing of it is trained, so any table will do
  load_weights(path(), frozen, "mae", *alone_);
  EXPECT_TRUE(parameter(frozen, "pos_embed").equal(file_.tensors["pos_embed"]));
}

TEST_F(InitialWeights, AFixedTableMayHaveBeenRounded) {
  for (auto& [name, tensor] : file_.tensors) { tensor = tensor.to(torch::kBFloat16); }
  EXPECT_EQ(fault(), "");
}

/// The sizes of the files that tests/fixtures/weights_fixture.py makes.
models::MaeConfig other_programs_config() {
  auto sizes = config();
  sizes.width = 8, sizes.depth = 2, sizes.decoder_width = 4;
  return sizes;
}

std::string other_programs(const std::string& name) { return REALFACE_FIXTURES "/weights/" + name; }

TEST_F(LoadWeights, FilesOfTorchSaveAndOfTransformersAreTakenByTheNamesThatTheyHave) {
  auto one = set_of(other_programs_config(), 2, /*frozen=*/true);
  const auto loaded = load_weights(other_programs("rffr.pth.tar"), one, "mae", *alone_);
  EXPECT_EQ(loaded.licences, std::set<std::string>{"not stated (rffr.pth.tar)"});
  const auto file = models::read_tensor_file(other_programs("rffr.pth.tar"));
  EXPECT_TRUE(at::equal(parameter(one, "mask_token"), file.tensors.at("module.mask_token")));
  auto other = set_of(other_programs_config(), 3, /*frozen=*/true);
  load_weights(other_programs("vit_mae_transformers.safetensors"), other, "mae", *alone_);
  EXPECT_EQ(one.sha256("mae"), other.sha256("mae"));
}

TEST_F(LoadWeights, AClassifierTakesTheEncoderOfAFileOfTorchSave) {
  const models::VitConfig sizes{.image = 16, .patch = 4, .width = 8, .depth = 2, .heads = 2};
  models::Set set;
  set.add("vit",
          {.module = std::make_shared<models::VitImpl>(sizes, 5), .description = models::describe(sizes, "imagenet")});
  EXPECT_THAT(load_weights(other_programs("mae_pretrain.pth"), set, "vit", *alone_, {.encoder = true}).source,
              HasSubstr("encoder only"));
  const auto file = models::read_tensor_file(other_programs("mae_pretrain.pth"));
  const auto ours = models::named_tensors(*set.entry("vit").module);
  EXPECT_TRUE(at::equal(ours.at("blocks.1.attn.qkv.bias"), file.tensors.at("blocks.1.attn.qkv.bias")));
}

TEST_F(InitialWeights, WhatAnImportNotedOfTheNetworkMustFit) {
  auto described = models::describe(config(), "imagenet");
  file_.metadata = {{"description", described.dump()}, {"license", "CC-BY-NC-4.0"}};
  models::write_tensor_file(path(), file_);
  EXPECT_EQ(load_weights(path(), target_, "mae", *alone_).licences,
            std::set<std::string>{"CC-BY-NC-4.0 (init.safetensors)"});
  EXPECT_THAT(target_.parts()[0]->values().at("licences").dump(), HasSubstr("CC-BY-NC-4.0"));
  described["heads"] = 4, described["pixels"] = "unit";
  file_.metadata["description"] = described.dump();
  const auto message = fault();
  EXPECT_THAT(message, HasSubstr("heads is 4 there and 2 here"));
  EXPECT_THAT(message, HasSubstr("pixels is \"unit\" there and \"imagenet\" here"));
  file_.metadata["description"] = "[[[";  // of another program, and none of ours
  EXPECT_EQ(fault(), "");
}

TEST_F(LoadWeights, AMissingFileIsNamed) {
  EXPECT_THAT(fault("/nonexistent/weights.safetensors"), HasSubstr("/nonexistent/weights.safetensors"));
}

TEST_F(LoadWeights, AFolderWithoutCheckpointsIsRefused) {
  EXPECT_THAT(fault(folder_.path()), HasSubstr("holds no intact checkpoint"));
}

TEST_F(CheckpointWeights, OfARunAreThoseOfItsNewestIntactCheckpoint) {
  save(source_, 1);
  auto newer = set_of(config(), 3);
  save(newer, 2);
  std::filesystem::resize_file(step(2) / "rank-0000.safetensors", 100);
  const auto loaded = load_weights(run(), target_, "mae", *alone_);
  for (const auto& item : source_.entry("mae").module->named_parameters()) {
    EXPECT_TRUE(taken(item.key())) << item.key();
  }
  EXPECT_EQ(loaded.step, 1);
  EXPECT_EQ(loaded.dataset_digest, "faces");
  EXPECT_EQ(loaded.code_version, "v1");
  EXPECT_EQ(loaded.sha256, source_.sha256("mae"));
  EXPECT_EQ(target_.entry("mae").source, fmt::format("{}, weights_sha256 {}", step(1).string(), loaded.sha256));
}

TEST_F(CheckpointWeights, OfAStepFolderAreThatSteps) {
  save(source_, 1);
  auto newer = set_of(config(), 3);
  save(newer, 2);
  EXPECT_THAT(source(step(1)), HasSubstr("step-1"));
  EXPECT_TRUE(taken("mask_token"));
}

TEST_F(CheckpointWeights, AFrozenNetworkTakesThemAndItsDigestIsTheirs) {
  save(source_, 1);
  auto frozen = set_of(config(), 2, /*frozen=*/true);
  EXPECT_NE(frozen.sha256("mae"), source_.sha256("mae"));
  load_weights(run(), frozen, "mae", *alone_);
  EXPECT_EQ(frozen.sha256("mae"), source_.sha256("mae"));
}

TEST_F(CheckpointWeights, TheFileOfTheOnlyRankIsTaken) {
  save(source_, 1);
  EXPECT_THAT(source(step(1) / "rank-0000.safetensors"), HasSubstr("rank-0000.safetensors, SHA-256"));
  EXPECT_TRUE(taken("decoder_pred.weight"));
}

TEST_F(CheckpointWeights, AFileThatHoldsAShareNamesTheFolderToGive) {
  const auto path = folder_.write("step-7/rank-0001.safetensors");
  models::TensorFile share;
  share.tensors["model.mae/norm.weight"] = parameter(source_, "norm.weight");
  share.tensors["optimizer/first.norm.weight"] = parameter(source_, "norm.weight");
  models::write_tensor_file(path, share);
  const auto message = fault(path);
  EXPECT_THAT(message, HasSubstr("holds 1 of the 38 tensors of network 'mae'"));
  EXPECT_THAT(message, HasSubstr("the folder " + path.parent_path().string()));
  EXPECT_FALSE(taken("blocks.0.attn.qkv.weight"));
}

TEST_F(CheckpointWeights, OfAnotherNetworkAreRefusedAndNothingIsTaken) {
  auto sizes = config();
  sizes.width = 32;
  auto wide = set_of(sizes, 1);
  save(wide, 1);
  const auto message = fault(run());
  EXPECT_THAT(message, HasSubstr("width is 32 there and 16 here"));
  EXPECT_THAT(message, HasSubstr("blocks.0.attn.proj.bias is 32 there and 16 here"));
  EXPECT_EQ(target_.sha256("mae"), set_of(config(), 2).sha256("mae"));
}

TEST_F(CheckpointWeights, ANumberOfHeadsThatShapesDoNotShowIsNoticed) {
  auto sizes = config();
  sizes.heads = 4;
  auto other = set_of(sizes, 1);
  save(other, 1);
  EXPECT_THAT(fault(run()), HasSubstr("heads is 4 there and 2 here"));
}

TEST_F(CheckpointWeights, ThatDoNotSayWhatTheyAreAreTakenIfTheirShapesFit) {
  models::Set old;
  old.add("mae", {.module = source_.entry("mae").module});
  save(old, 1);
  EXPECT_EQ(fault(run()), "");
  EXPECT_TRUE(taken("mask_token"));
}

TEST_F(CheckpointWeights, ANetworkThatWasFrozenOrAbsentThereIsRefused) {
  auto frozen = set_of(config(), 1, /*frozen=*/true);
  save(frozen, 1);
  EXPECT_THAT(fault(run()), HasSubstr("was not trained there; give those that it was given: drawn"));
  EXPECT_THAT(fault(run(), "xception"), HasSubstr("holds no network 'xception'"));
}

/// A classifier of the same encoder, seed 5.
models::Set classifier(int64_t depth = 1) {
  const models::VitConfig sizes{.image = 16, .patch = 4, .width = 16, .depth = depth, .heads = 2};
  models::Set set;
  set.add("vit", {.module = std::make_shared<models::VitImpl>(sizes, 5),
                  .source = "drawn",
                  .description = models::describe(sizes, "imagenet")});
  return set;
}

void expect_encoder(const models::Set& vit, const models::Set& mae) {
  const auto drawn = classifier();
  const auto theirs = models::named_tensors(*mae.entry("mae").module);
  for (const auto& [name, tensor] : models::named_tensors(*vit.entry("vit").module)) {
    const bool own = name.starts_with("head.") || name.starts_with("fc_norm.");
    const auto& expected = own ? models::named_tensors(*drawn.entry("vit").module).at(name) : theirs.at(name);
    EXPECT_TRUE(at::equal(tensor, expected)) << name;
  }
}

TEST_F(CheckpointWeights, AClassifierTakesTheEncoderOfARun) {
  save(source_, 1);
  auto vit = classifier();
  const auto loaded = load_weights(run(), vit, "vit", *alone_, {.encoder = true});
  expect_encoder(vit, source_);
  EXPECT_EQ(loaded.step, 1);
  auto deeper = classifier(2);
  try {
    load_weights(run(), deeper, "vit", *alone_, {.encoder = true});
    FAIL();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("depth is 1 there and 2 here"));
    EXPECT_THAT(error.what(), HasSubstr("blocks.1.attn.proj.bias is missing"));
  }
}

models::MaeConfig clip_config() {
  auto sizes = config();
  sizes.architecture = "video_mae";
  sizes.frames = 4, sizes.tubelet = 2;
  return sizes;
}

/// A classifier of clips takes the encoder of an autoencoder of clips, whose names begin with `encoder.`.
void expect_encoder_of_clips(const std::string& path, const models::MaskedAutoencoder& mae,
                             distributed::Communicator& alone) {
  models::VitConfig sizes{.image = 16, .patch = 4, .width = 16, .depth = 1, .heads = 2};
  sizes.architecture = "video_vit";
  sizes.frames = 4, sizes.tubelet = 2;
  models::Set set;
  set.add("vit", {.module = models::make_classifier(sizes, 5), .description = models::describe(sizes, "imagenet")});
  const auto before = models::make_classifier(sizes, 5);
  load_weights(path, set, "vit", alone, {.encoder = true});
  const auto theirs = models::named_tensors(mae), drawn = models::named_tensors(*before);
  for (const auto& [name, tensor] : models::named_tensors(*set.entry("vit").module)) {
    const bool own = name.starts_with("head.") || name.starts_with("fc_norm.");
    EXPECT_TRUE(at::equal(tensor, own ? drawn.at(name) : theirs.at("encoder." + name))) << name;
  }
}

TEST_F(CheckpointWeights, AClassifierOfClipsTakesTheEncoderOfARun) {
  const auto mae = models::make_autoencoder(clip_config(), 1);
  models::Set set;
  set.add("mae", {.module = mae, .description = models::describe(clip_config(), "imagenet")});
  save(set, 1);
  expect_encoder_of_clips(run(), *mae, *alone_);
  auto pictures = classifier();
  EXPECT_THROW(load_weights(run(), pictures, "vit", *alone_, {.encoder = true}), Error);
}

TEST_F(InitialWeights, AreThoseOfAFileOfClips) {
  const auto mae = models::make_autoencoder(clip_config(), 1);
  models::write_tensor_file(path(), {models::named_tensors(*mae), {}});
  expect_encoder_of_clips(path(), *mae, *alone_);
  models::Set whole;
  whole.add("mae", {.module = models::make_autoencoder(clip_config(), 2)});
  load_weights(path(), whole, "mae", *alone_);
  EXPECT_EQ(whole.sha256("mae"), models::weights_sha256(*mae));
}

TEST_F(InitialWeights, AClassifierTakesTheEncoderOfAFile) {
  models::write_tensor_file(path(), file_);
  auto vit = classifier();
  load_weights(path(), vit, "vit", *alone_, {.encoder = true});
  expect_encoder(vit, source_);
  file_.tensors.erase("blocks.0.mlp.fc1.bias");
  models::write_tensor_file(path(), file_);
  EXPECT_THROW(load_weights(path(), vit, "vit", *alone_, {.encoder = true}), Error);
}

TEST_F(InitialWeights, AClassifierTakesAWholeClassifiersFile) {
  auto trained = classifier();
  const torch::NoGradGuard no_grad;
  for (auto& parameter : trained.entry("vit").module->parameters()) { parameter.add_(1); }
  models::write_tensor_file(path(), {models::named_tensors(*trained.entry("vit").module), {}});
  auto vit = classifier();
  load_weights(path(), vit, "vit", *alone_, {.saved = "vit"});
  EXPECT_EQ(vit.sha256("vit"), trained.sha256("vit"));
}

/// Xceptions of other numbers of classes than what is trained: timm's file, with a counter of each norm, and a run.
TEST_F(CheckpointWeights, AnXceptionsAreTakenWithoutItsLastLayer) {
  const models::XceptionConfig sizes{.size = "small", .image = 32, .classes = 10};
  const auto set_with = [&](const std::string& name, int64_t classes, uint64_t seed) {
    auto own = sizes;
    own.classes = classes;
    models::Set set;
    set.add(name, {.module = std::make_shared<models::XceptionImpl>(own, seed), .description = models::describe(own)});
    return set;
  };
  auto trained = set_with("xception", 10, 1);
  save(trained, 1);
  models::TensorFile timm{models::named_tensors(*trained.entry("xception").module), {}};
  timm.tensors["bn1.num_batches_tracked"] = at::zeros({}, torch::kInt64);
  models::write_tensor_file(folder_.path() / "timm.safetensors", timm);
  for (const auto& path : {run(), folder_.path() / "timm.safetensors"}) {
    auto extractor = set_with("extractor", 0, 2), begun = set_with("xception", 2, 2);
    load_weights(path, extractor, "extractor", *alone_, {.saved = "xception"});
    load_weights(path, begun, "xception", *alone_, {.saved = "xception", .headless = true});
    const auto first = set_with("xception", 2, 2);
    const auto began = models::named_tensors(*begun.entry("xception").module);
    const auto of_seed = models::named_tensors(*first.entry("xception").module);
    for (const auto& [name, tensor] : models::named_tensors(*extractor.entry("extractor").module)) {
      EXPECT_TRUE(at::equal(tensor, timm.tensors.at(name))) << name;
      EXPECT_TRUE(at::equal(began.at(name), timm.tensors.at(name))) << name;
    }
    EXPECT_TRUE(at::equal(began.at("fc.weight"), of_seed.at("fc.weight")));
    EXPECT_THROW(load_weights(path, begun, "xception", *alone_, {.saved = "xception"}), Error);
  }
}

/// ResNet-18 as torchvision saves it: later stages, a classifier and counters besides.
TEST(Trunk, IsReadFromTorchvisionsFile) {
  const TemporaryFolder folder;
  const auto alone = distributed::make_self_communicator();
  const models::MappingConfig sizes{.size = "small", .image = 64};
  const auto trained = std::make_shared<models::MappingNetImpl>(sizes, 1);
  models::TensorFile file;
  for (const auto& [name, tensor] : models::named_tensors(*trained)) {
    if (name.starts_with("trunk.")) { file.tensors[name.substr(6)] = tensor.detach() + 1; }
  }
  file.tensors["layer4.0.conv1.weight"] = at::zeros({4, 4, 3, 3});
  file.tensors["fc.weight"] = at::zeros({10, 4});
  file.tensors["bn1.num_batches_tracked"] = at::zeros({1}, torch::kInt64);
  const auto path = folder.path() / "resnet.safetensors";
  models::write_tensor_file(path, file);

  models::Set set;
  set.add("mapping", {.module = std::make_shared<models::MappingNetImpl>(sizes, 2)});
  const auto before = models::named_tensors(*set.entry("mapping").module).at("head.fc.weight").clone();
  load_weights(path, set, "mapping", *alone, {.below = "trunk"});
  const auto after = models::named_tensors(*set.entry("mapping").module);
  EXPECT_TRUE(at::equal(after.at("trunk.layer1.0.conv1.weight"), file.tensors.at("layer1.0.conv1.weight")));
  EXPECT_TRUE(at::equal(after.at("trunk.bn1.running_var"), file.tensors.at("bn1.running_var")));
  EXPECT_TRUE(at::equal(after.at("head.fc.weight"), before));

  const auto fault = [&] {
    models::write_tensor_file(path, file);
    try {
      load_weights(path, set, "mapping", *alone, {.below = "trunk"});
    } catch (const Error& error) { return std::string(error.what()); }
    return std::string();
  };
  file.tensors["conv1.weight"] = at::zeros({16, 3, 3, 3});
  EXPECT_THAT(fault(), HasSubstr("conv1.weight is 16x3x3x3 there and 16x3x7x7 here"));
  file.tensors.erase("conv1.weight");
  EXPECT_THAT(fault(), HasSubstr("conv1.weight is missing"));
}

}  // namespace
}  // namespace realface::stages
