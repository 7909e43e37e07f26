#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/atomic_file.h"
#include "configs/cell.h"
#include "configs/load.h"
#include "configs/printer.h"
#include "configs/protocol.h"
#include "stages/pretrain/recipe.h"
#include "stages/training/schedule.h"

namespace realface::configs {
namespace {

stages::PretrainConfig recipe(const std::string& name) {
  const auto config = load({std::string(REALFACE_RECIPES) + "/" + name, {"run.dir=x", "data.shards=y"}});
  return dynamic_cast<const stages::PretrainRecipe&>(*config.recipe).config();
}

double peak(const stages::TrainConfig& train) { return stages::Schedule(train.schedule, 1000, train.batch, 0).peak(); }

TEST(Recipes, EveryFileInTheFolderLoads) {
  int files = 0, systems = 0;
  for (const auto& item : std::filesystem::recursive_directory_iterator(REALFACE_RECIPES)) {
    if (item.path().extension() != ".yaml" || item.path().parent_path().filename() == "protocols") { continue; }
    ++files;
    // A stage may name an entry that stands before it in its system.
    const bool system = read_file(item.path()).find("\nrun:\n") != std::string::npos;
    const auto completeness = system ? Completeness::for_a_run : Completeness::for_reading;
    EXPECT_NO_THROW(load_system({item.path().string(), {"run.dir=x", "data.shards=y"}}, completeness)) << item.path();
    systems += system ? 1 : 0;
  }
  EXPECT_GE(files, 5);
  EXPECT_GE(systems, 2);
}

TEST(Recipes, EveryProtocolRunsEverySystemOfThePapers) {
  int protocols = 0;
  for (const auto& item : std::filesystem::directory_iterator(REALFACE_RECIPES "/protocols")) {
    for (const auto* system : {"recap/recap", "deepfakemae/deepfakemae", "delocate/delocate", "cnn/cnn"}) {
      SCOPED_TRACE(item.path().string() + " " + system);
      const auto protocol = load_protocol({item.path().string(),
                                           {"run.dir=x", "data.shards=y", "data.sets.celebdf=z",
                                            std::string("system=") + REALFACE_RECIPES + "/" + system + ".yaml"}});
      for (const auto& cell : cells_of(protocol)) { EXPECT_GE(load_cell(protocol, cell).size(), 2U); }
    }
    ++protocols;
  }
  EXPECT_EQ(protocols, 4);
}

TEST(Recipes, EveryKeyOfEveryTrainingRecipeIsThere) {
  const auto keys = valid_keys(stages::kinds().front());
  const std::set<std::string> all(keys.begin(), keys.end());
  for (const auto* key : {"run.dir", "data.shards", "train.steps", "train.epochs", "train.batch", "train.accumulate",
                          "train.dtype", "checkpoint.every", "metrics.port", "seed"}) {
    EXPECT_TRUE(all.contains(key)) << key;
  }
}

TEST(Recipes, DeepfakeMaeHasThePapersNumbers) {
  const auto config = recipe("deepfakemae/pretrain.yaml");
  EXPECT_EQ(config.mask.kind, "part");
  EXPECT_DOUBLE_EQ(config.mask.ratio, 0.5);
  EXPECT_EQ(config.train.batch, 8);
  EXPECT_NEAR(peak(config.train), 4.6875e-6, 1e-12);  // G14
  EXPECT_DOUBLE_EQ(config.train.optimizer.beta2, 0.95);
  EXPECT_DOUBLE_EQ(config.train.optimizer.weight_decay, 0.05);
  EXPECT_FALSE(config.model.norm_pix);
}

TEST(Recipes, RecapHasThePapersNumbers) {
  const auto config = recipe("recap/pretrain.yaml");
  EXPECT_EQ(config.model.architecture, "video_mae");
  EXPECT_EQ(config.model.cut().tokens(), 1568);
  EXPECT_EQ(config.model.decoder_width, 384);
  EXPECT_EQ(config.mask.kind, "roi_part");
  EXPECT_DOUBLE_EQ(config.mask.ratio, 0.75);
  EXPECT_EQ(config.train.batch, 8);
  EXPECT_NEAR(peak(config.train), 4.6875e-6, 1e-12);  // G14
}

TEST(Recipes, RffrHasThePapersNumbers) {
  const auto config = recipe("rffr/pretrain.yaml");
  EXPECT_EQ(config.mask.kind, "block");
  EXPECT_EQ(config.pixels, "unit");
  EXPECT_NEAR(peak(config.train), 7.5e-5, 1e-12);
  EXPECT_DOUBLE_EQ(stages::Schedule(config.train.schedule, config.train.steps, config.train.batch, 10).warmup_steps(),
                   2500);
}

TEST(Recipes, LreHasThePapersNumbers) {
  const auto config = recipe("lre/pretrain.yaml");
  EXPECT_EQ(config.mask.kind, "key_region");
  EXPECT_EQ(config.train.optimizer.kind, "adam");
  EXPECT_NEAR(peak(config.train), 1e-4, 1e-15);
  EXPECT_EQ(config.train.batch, 32);
  EXPECT_DOUBLE_EQ(config.train.epochs, 300);
}

TEST(Recipes, OfRffrAndLreTakeAlignedFacesUnlessToldOtherwise) {
  for (const auto* name : {"rffr/pretrain.yaml", "lre/pretrain.yaml"}) {
    const auto file = std::string(REALFACE_RECIPES) + "/" + name;
    EXPECT_EQ(load({file, {"run.dir=x", "data.shards=y"}}).data.align, "similarity");
    EXPECT_EQ(load({file, {"run.dir=x", "data.shards=y", "data.align=any"}}).data.align, "any");
  }
}

TEST(Recipes, MaeHasThePapersNumbers) {
  const auto config = recipe("mae/pretrain.yaml");
  EXPECT_EQ(config.mask.kind, "random");
  EXPECT_NEAR(peak(config.train), 2.4e-3, 1e-12);
  EXPECT_DOUBLE_EQ(stages::Schedule(config.train.schedule, 40000, config.train.batch, 100).warmup_steps(), 4000);
}

}  // namespace
}  // namespace realface::configs
