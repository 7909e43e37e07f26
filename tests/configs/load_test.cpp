#include "configs/load.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "configs/printer.h"
#include "stages/pretrain/recipe.h"
#include "tests/configs/scratch.h"

namespace realface::configs {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> kRequired{"run.dir=out/x", "data.shards=shards"};

std::vector<std::string> with_required(std::vector<std::string> overrides) {
  overrides.insert(overrides.end(), kRequired.begin(), kRequired.end());
  return overrides;
}

const stages::PretrainConfig& pretrain(const Config& config) {
  return dynamic_cast<const stages::PretrainRecipe&>(*config.recipe).config();
}

class Load : public Scratch {
 protected:
  std::string fault(const std::string& text, const std::vector<std::string>& overrides = {}) {
    const auto file = write("a.yaml", text);
    return message_of<ConfigError>([&] { load({file, with_required(overrides)}); });
  }
};

TEST_F(Load, ReadsEveryKindOfValue) {
  const auto file = write("a.yaml",
                          "seed: 18446744073709551615\n"
                          "train: {steps: 10, lr: 2.5e-4, flip: false, dtype: bf16}\n"
                          "checkpoint.every: 5\n");
  const auto config = load({file, kRequired});
  EXPECT_EQ(config.seed, 18446744073709551615U);
  EXPECT_EQ(pretrain(config).train.steps, 10);
  EXPECT_DOUBLE_EQ(pretrain(config).train.schedule.lr, 2.5e-4);
  EXPECT_FALSE(pretrain(config).train.flip);
  EXPECT_EQ(pretrain(config).train.dtype, "bf16");
  EXPECT_EQ(config.checkpoint.every, 5);
}

TEST_F(Load, OverridesWinOverTheFile) {
  const auto file = write("a.yaml", "train:\n  steps: 10\n");
  const auto config = load({file, with_required({"train.steps=20", "train.steps=30", "run.dir=x=y"})});
  EXPECT_EQ(pretrain(config).train.steps, 30) << "the last one counts";
}

TEST_F(Load, AnEmptyFileIsAllDefaults) {
  const auto file = write("a.yaml", "");
  EXPECT_EQ(pretrain(load({file, kRequired})).model.width, 768);
}

TEST_F(Load, ListsAllFaultsAtOnceWithFileAndLine) {
  const auto message = fault(
      "train:\n"
      "  stepz: 10\n"
      "  batch: many\n"
      "  flip: maybe\n"
      "model:\n"
      "  patch: 15\n"
      "mask:\n"
      "  kind: part\n"
      "  ratio: 1.5\n",
      {"train.dtype=bf17"});
  EXPECT_THAT(message, HasSubstr("6 faults"));
  EXPECT_THAT(message, HasSubstr("a.yaml:2: unknown key 'train.stepz'; did you mean 'train.steps'?"));
  EXPECT_THAT(message, HasSubstr("a.yaml:3: train.batch is 'many'; expected a whole number of at least 1"));
  EXPECT_THAT(message, HasSubstr("a.yaml:4: train.flip is 'maybe'; expected true or false"));
  EXPECT_THAT(message, HasSubstr("a.yaml:6: model.patch 15 does not divide model.image 224"));
  EXPECT_THAT(message, HasSubstr("a.yaml:9: mask.ratio is '1.5'; expected a number of above 0 and below 1"));
  EXPECT_THAT(message,
              HasSubstr("train.dtype=bf17: train.dtype is 'bf17'; expected fp32 or bf16; did you mean 'bf16'?"));
}

TEST_F(Load, RefusesImpossibleCombinations) {
  EXPECT_THAT(fault("model: {heads: 7}\n"), HasSubstr("model.heads 7 does not divide model.width 768"));
  EXPECT_THAT(fault("model: {decoder_width: 96, decoder_heads: 5}\n"), HasSubstr("model.decoder_heads 5"));
  EXPECT_THAT(fault("model: {width: 6, heads: 1}\n"), HasSubstr("multiple of 4"));
  EXPECT_EQ(fault("mask: {kind: none}\n"), "");  // a plain autoencoder
  EXPECT_THAT(fault("stage: composite\nmask: {kind: none}\n"), HasSubstr("mask.kind is 'none'"));
  EXPECT_THAT(fault("mask: {kind: tube}\n"), HasSubstr("masks clips"));
  EXPECT_THAT(fault("mask: {kind: block}\nmodel: {image: 64, patch: 8}\n"), HasSubstr("8 x 8"));
  EXPECT_THAT(fault("train: {batch: 10, accumulate: 4}\n"), HasSubstr("cannot be cut into 4"));
  EXPECT_THAT(fault("train: {lr: 0}\n"), HasSubstr("nothing would be learnt"));
  EXPECT_THAT(fault("train: {optimizer: adam}\n"), HasSubstr("train.lr_abs"));
  EXPECT_THAT(fault("model: {pixels: unit, norm_pix: true}\n"), HasSubstr("choose one"));
}

TEST_F(Load, RefusesValuesOutOfRange) {
  EXPECT_THAT(fault("train: {accumulate: 0}\n"), HasSubstr("at least 1"));
  EXPECT_THAT(fault("train: {lr: -1}\n"), HasSubstr("at least 0"));
  EXPECT_THAT(fault("train: {lr: nan}\n"), HasSubstr("train.lr is 'nan'"));
  EXPECT_THAT(fault("train: {epochs: 1e300}\n"), HasSubstr("train.epochs is '1e300'; expected a number of above 0"));
  for (const std::string key : {"lr", "lr_abs", "lr_min"}) {
    EXPECT_THAT(fault("train: {" + key + ": 1e308}\n"), HasSubstr("train." + key + " is '1e308'"));
  }
  EXPECT_THAT(fault("train: {steps: 1e3}\n"), HasSubstr("a whole number"));
  EXPECT_THAT(fault("metrics: {port: 70000}\n"), HasSubstr("at most 65535"));
  EXPECT_THAT(fault("checkpoint: {keep: 1}\n"), HasSubstr("at least 2"));
  EXPECT_THAT(fault("seed: -1\n"), HasSubstr("seed is '-1'"));
}

TEST_F(Load, NamesStagesThatDoNotExist) {
  EXPECT_THAT(fault("stage: pretrane\n"), HasSubstr("did you mean 'pretrain'?"));
}

TEST_F(Load, RefusesWhatIsNoMapOfValues) {
  EXPECT_THAT(fault("train: [1, 2]\n"),
              HasSubstr("'train' is a group of keys; expected keys below it, found '[1, 2]'"));
  EXPECT_THAT(fault("seed: [1, 2]\n"), HasSubstr("'seed' is a list; expected one value"));
  EXPECT_THAT(fault("train: 5\n"), HasSubstr("'train' is a group of keys"));
  EXPECT_THAT(fault("seed:\n"), HasSubstr("'seed' has no value"));
  EXPECT_THAT(fault("seed: 1\nseed: 2\n"), HasSubstr("a.yaml:2: 'seed' is given twice, first at"));
  EXPECT_THAT(fault("- a\n"), HasSubstr("key: value"));
  EXPECT_THAT(fault("train: {\n"), HasSubstr("not valid YAML"));
  EXPECT_THAT(fault("", {"train.steps"}), HasSubstr("expected key=value"));
}

TEST_F(Load, AsksForFoldersThatARunNeeds) {
  const auto file = write("a.yaml", "seed: 1\n");
  const auto message = message_of<ConfigError>([&] { load({file, {}}); });
  EXPECT_THAT(message, HasSubstr("run.dir is not set"));
  EXPECT_THAT(message, HasSubstr("data.shards is not set"));
  EXPECT_EQ(load({file, {}}, Completeness::for_reading).seed, 1U);
}

TEST_F(Load, SaysWhichFileIsMissing) {
  const auto message = message_of<ConfigError>([&] { load({(folder_ / "none.yaml").string(), kRequired}); });
  EXPECT_THAT(message, HasSubstr("none.yaml"));
}

TEST_F(Load, APresetFillsTheModelAndKeysChangeIt) {
  const auto file = write("a.yaml", "model: {depth: 3, size: large}\n");
  const auto model = pretrain(load({file, kRequired})).model;
  EXPECT_EQ(model.width, 1024);
  EXPECT_EQ(model.depth, 3);
}

TEST_F(Load, APrintedConfigurationLoadsAsTheSame) {
  const auto file =
      write("a.yaml", "model: {size: large, depth: 3}\nmask: {kind: part, ratio: 0.3}\ntrain: {lr: 1.0e-3}\n");
  const auto config = load({file, {"run.dir=a folder: #1", "data.shards=true"}});
  const auto again = load({write("b.yaml", to_yaml(config)), {}});
  EXPECT_EQ(to_json(again), to_json(config));
  EXPECT_EQ(to_json(again).at("run").at("dir"), "a folder: #1");
  EXPECT_EQ(to_json(again).at("data").at("shards"), "true");
}

TEST_F(Load, DataMayLieInSeveralFolders) {
  const std::vector<std::string> folders{"a", "b c"};
  const auto listed = load({write("a.yaml", "data: {shards: [a, b c]}\nrun.dir: x\n"), {}});
  EXPECT_EQ(listed.data.shards.paths(), folders);
  EXPECT_EQ(load({write("b.yaml", "run.dir: x\n"), {"data.shards=[a, b c]"}}).data.shards, listed.data.shards);
  const auto again = load({write("c.yaml", to_yaml(listed)), {}});
  EXPECT_EQ(again.data.shards, listed.data.shards);
  EXPECT_EQ(to_json(again).at("data").at("shards"), nlohmann::json(folders));
  EXPECT_THROW(load({write("d.yaml", "data: {shards: []}\nrun.dir: x\n"), {}}), ConfigError);
}

TEST_F(Load, ASystemSharesItsKeysAndGivesEachStageAFolder) {
  write("pretrain.yaml", "stage: pretrain\nseed: 1\ntrain: {steps: 5}\n");
  const auto system = write("all.yaml", "run: [pretrain.yaml]\nseed: 2\nrun.dir: out/all\ndata.shards: s\n");
  const auto stages = load_system({system, {"train.batch=64"}});
  ASSERT_EQ(stages.size(), 1U);
  EXPECT_EQ(stages[0].run.dir, "out/all/pretrain");
  EXPECT_EQ(stages[0].seed, 2U) << "the system's key wins over the stage's";
  EXPECT_EQ(pretrain(stages[0]).train.steps, 5);
  EXPECT_EQ(pretrain(stages[0]).train.batch, 64);
}

TEST_F(Load, ASystemListsTheFaultsOfAllItsFiles) {
  write("a.yaml", "trian: {steps: 5}\n");
  const auto system = write("all.yaml", "run: [a.yaml, none.yaml]\nrun.dir: x\ndata.shards: s\n");
  const auto message = message_of<ConfigError>([&] { load_system({system, {}}); });
  EXPECT_THAT(message, HasSubstr("a.yaml:1: unknown key 'trian.steps'; did you mean 'train.steps'?"));
  EXPECT_THAT(message, HasSubstr("none.yaml"));
  EXPECT_THAT(message, HasSubstr("would share a run folder"));
}

TEST_F(Load, ASystemFileIsNoStageFile) {
  const auto system = write("all.yaml", "run: [a.yaml]\n");
  EXPECT_THAT(message_of<ConfigError>([&] { load({system, kRequired}); }), HasSubstr("realface run"));
}

}  // namespace
}  // namespace realface::configs
