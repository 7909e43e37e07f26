#include "stages/pretrain/recipe.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/sha256.h"
#include "models/mae/description.h"
#include "models/mae/mae.h"
#include "models/weights/tensor_file.h"
#include "tests/mpi_world.h"
#include "tests/stages/fakes.h"
#include "tests/temporary_folder.h"

namespace realface::stages {
namespace {

using realface::testing::mpi_world;

/// A stage that begins with the weights of a file in the folder, of each rank.
PretrainConfig begins_with(const TemporaryFolder& folder) {
  auto config = small_config();
  config.init = (folder.path() / "init.safetensors").string();
  return config;
}

TEST(Init, IsReadOnlyWhereItIsAskedFor) {
  const TemporaryFolder folder;
  const auto config = begins_with(folder);
  const models::MaeImpl other(config.model, kSeed + 1);
  models::TensorFile file;
  for (const auto& item : other.named_parameters()) { file.tensors[item.key()] = item.value().detach(); }
  const auto fresh = weights(build_models(small_config(), mpi_world()));

  auto set = build_models(config, mpi_world());  // no file is there yet, and none is needed
  EXPECT_TRUE(weights(set).equal(fresh));
  EXPECT_EQ(set.entry("mae").source, "initialised from seed 3");

  models::write_tensor_file(config.init, file);
  PretrainRecipe(config).begin(set, mpi_world().host_group());
  EXPECT_TRUE(
      set.get<models::MaeImpl>("mae")->named_parameters()["mask_token"].equal(other.named_parameters()["mask_token"]));
  EXPECT_FALSE(weights(set).equal(fresh));
  EXPECT_EQ(set.entry("mae").source, config.init + ", SHA-256 " + hex(sha256_file(config.init)));
}

// It is overwritten by the master before it computes anything: drawing its weights would be a waste.
TEST(Recipe, TheCopyToComputeWithIsNotInitialised) {
  const auto copy = build_models(small_config(), mpi_world()).entry("mae").again();
  for (const auto* name : {"blocks.0.attn.qkv.weight", "decoder_pred.weight", "cls_token"}) {
    EXPECT_EQ(copy->named_parameters()[name].abs().sum().item<double>(), 0.0) << name;
  }
}

TEST(Recipe, WhatACheckpointSaysOfTheNetworkRebuildsItWithoutARecipe) {
  auto config = small_config();
  config.model.norm_pix = true;
  config.model.heads = 4;
  config.pixels = "unit";
  auto set = build_models(config, mpi_world());
  const auto read = models::mae_description(set.parts().at(0)->values().at("description"));
  EXPECT_EQ(read.pixels, "unit");
  EXPECT_EQ(models::describe(read.config, read.pixels), models::describe(config.model, config.pixels));
}

TEST(Init, ThatOneRankCannotReadIsAnErrorOfAll) {
  const TemporaryFolder folder;
  const auto config = begins_with(folder);
  if (mpi_world().rank() != 0) {
    const models::MaeImpl network(config.model, 1);
    models::TensorFile file;
    for (const auto& item : network.named_parameters()) { file.tensors[item.key()] = item.value().detach(); }
    models::write_tensor_file(config.init, file);
  }
  auto set = build_models(config, mpi_world());
  EXPECT_THROW(PretrainRecipe(config).begin(set, mpi_world().host_group()), Error);
}

}  // namespace
}  // namespace realface::stages
