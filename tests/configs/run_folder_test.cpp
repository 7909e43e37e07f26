#include "configs/run_folder.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "configs/load.h"
#include "configs/printer.h"
#include "tests/configs/scratch.h"

namespace realface::configs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class RunFolder : public Scratch {
 protected:
  Config config(std::vector<std::string> overrides = {}) {
    overrides.push_back("run.dir=" + (folder_ / "run").string());
    overrides.push_back("data.shards=s");
    return load({write("a.yaml", "train: {steps: 10}\n"), overrides});
  }
};

TEST_F(RunFolder, AFreshFolderIsAnybodys) {
  EXPECT_NO_THROW(refuse_other_run(config()));
  EXPECT_FALSE(is_finished(config()));
}

TEST_F(RunFolder, TheSameConfigurationMayComeBack) {
  claim_run_folder(config());
  EXPECT_NO_THROW(refuse_other_run(config()));
  EXPECT_EQ(to_json(load_run((folder_ / "run").string())), to_json(config()));
}

TEST_F(RunFolder, AStartThatFailedBeforeItsFirstCheckpointDoesNotTakeTheFolder) {
  claim_run_folder(config());
  std::filesystem::create_directories(folder_ / "run" / "checkpoints" / "step-5.tmp");
  const auto corrected = config({"model.image=32"});
  EXPECT_NO_THROW(refuse_other_run(corrected));
  claim_run_folder(corrected);
  EXPECT_EQ(to_json(load_run((folder_ / "run").string())), to_json(corrected));
}

TEST_F(RunFolder, AFinishedRunKeepsItsFolderWithoutItsCheckpoints) {
  claim_run_folder(config());
  mark_finished(config(), "test");
  EXPECT_THROW(refuse_other_run(config({"train.lr=0.5"})), ConfigError);
}

TEST_F(RunFolder, AnotherConfigurationIsRefusedWithWhatDiffers) {
  claim_run_folder(config());
  std::filesystem::create_directories(folder_ / "run" / "checkpoints" / "step-5");
  const auto message = message_of<ConfigError>([&] { refuse_other_run(config({"train.lr=0.5", "mask.ratio=0.6"})); });
  EXPECT_THAT(message, HasSubstr("train.lr: 0.00015 there, 0.5 here"));
  EXPECT_THAT(message, HasSubstr("mask.ratio: 0.75 there, 0.6 here"));
}

TEST_F(RunFolder, WhereAndHowFastARunIsComputedMayDiffer) {
  EXPECT_THAT(
      differences(config(), config({"world.threads=1", "metrics.port=-1", "checkpoint.every=7", "data.workers=3",
                                    "train.log_every=1", "train.accumulate=2", "run.stop_at=3"})),
      ElementsAre());
}

TEST_F(RunFolder, AFinishedRunIsKnownUnlessMoreIsAskedOfIt) {
  claim_run_folder(config());
  mark_finished(config(), "test");
  EXPECT_TRUE(is_finished(config()));
  EXPECT_FALSE(is_finished(config({"train.steps=20"})));
}

TEST_F(RunFolder, AnEvaluationOfOtherWeightsThanThoseNowIsMadeAgain) {
  const auto detector = (folder_ / "detector").string(),
             manifest = std::string("detector/checkpoints/step-5/manifest.json");
  write("detector/finished.json", "{}");
  write(manifest, "first");
  const auto evaluation = load({write("e.yaml", "stage: evaluate\nweights: {vit: '" + detector + "'}\n"),
                                {"run.dir=" + (folder_ / "run").string(), "data.shards=s"}});
  claim_run_folder(evaluation);
  write("run/checkpoints/step-1/manifest.json", "");
  mark_finished(evaluation, "test");
  EXPECT_TRUE(is_finished(evaluation));
  claim_run_folder(evaluation);
  EXPECT_TRUE(has_finished((folder_ / "run").string())) << "nothing has changed";
  std::filesystem::remove_all(folder_ / "detector" / "checkpoints");
  EXPECT_TRUE(is_finished(evaluation)) << "they may be removed to save room";
  write(manifest, "trained again");
  EXPECT_FALSE(is_finished(evaluation));
  claim_run_folder(evaluation);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run" / "checkpoints" / "step-1"));
  EXPECT_FALSE(has_finished((folder_ / "run").string()));
}

TEST_F(RunFolder, ADamagedNoteCountsAsUnfinished) {
  claim_run_folder(config());
  write("run/finished.json", "{");
  EXPECT_FALSE(is_finished(config()));
}

TEST_F(RunFolder, AFolderWithoutARunIsNamed) {
  EXPECT_THAT(message_of<ConfigError>([&] { load_run(folder_.string()); }), HasSubstr("is not a run folder"));
}

}  // namespace
}  // namespace realface::configs
