#include "stages/run.h"

#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "distributed/agreement.h"
#include "stages/progress_log.h"
#include "stages/signals.h"
#include "tests/mpi_world.h"
#include "tests/stages/fakes.h"
#include "tests/stages/on_device.h"

namespace realface::stages {
namespace {

using realface::testing::mpi_world;

/// Does nothing but count, and what the test asks of it in a step.
class Counting final : public Stage, public Part {
 public:
  explicit Counting(int64_t steps) : steps_(steps) {}

  std::string name() const override { return "counting"; }
  int64_t steps() const override { return steps_; }
  int64_t position() const override { return position_; }
  StepReport step(const data::Step&) override {
    ++position_;
    if (in_step) { in_step(position_); }
    StepReport report;
    report.loss = on_device(at::full({}, 1.0 / mpi_world().size()));
    report.grad_norm = on_device(at::full({}, 1.0));
    report.skipped_in_a_row = report.skipped_in_all = on_device(at::full({}, skipped));
    report.samples = 8;
    report.values = {{"L_part", on_device(at::full({}, static_cast<double>(position_) / mpi_world().size()))}};
    return report;
  }
  std::map<std::string, double> evaluate() override {
    evaluated_at.push_back(position_);
    return {{"AUC", 0.5 + 0.01 * static_cast<double>(position_)}};
  }
  void finish() override {
    if (in_finish) { in_finish(); }
    finished = true;
  }
  std::vector<Part*> parts() override { return {this}; }

  std::string part_name() const override { return "stage"; }
  std::vector<Slice> tensors() const override { return {}; }
  nlohmann::json values() const override { return {{"position", position_}, {"finished", finished}}; }
  void restore(const nlohmann::json& values) override {
    position_ = values.at("position");
    was_finished = values.at("finished");
  }

  std::function<void(int64_t)> in_step;
  std::function<void()> in_finish;
  std::vector<int64_t> evaluated_at;
  float skipped = 0;
  bool finished = false, was_finished = false;

 private:
  int64_t steps_, position_ = 0;
};

class Run : public ::testing::Test {
 protected:
  Run() {
    // One folder for all ranks.
    const auto mine = std::filesystem::temp_directory_path() / ("realface-run-" + std::to_string(getpid()));
    folder_ = distributed::broadcast_string(mpi_world().host_group(), mine.string());
  }
  ~Run() override {
    distributed::any(mpi_world().host_group(), false);  // nobody removes what another still reads
    if (mpi_world().rank() == 0) { std::filesystem::remove_all(folder_); }
  }

  Ending run(Counting& stage, const LoopConfig& config) {
    FakeStreams streams(small_config(), mpi_world());
    checkpoints::Saver saver(checkpoints_, folder_, mpi_world(), {}, {&stage});
    cluster::Metrics gauges({.port = -1}, folder_, "test", mpi_world());
    resumed_ = saver.resume_latest();
    return stages::run(stage, streams, saver, gauges, mpi_world(), config);
  }

  bool saved(int64_t step) const {
    return std::filesystem::exists(folder_ + "/checkpoints/step-" + std::to_string(step) + "/manifest.json");
  }

  std::string folder_;
  checkpoints::CheckpointConfig checkpoints_{.every = 100, .keep = 2};
  std::optional<int64_t> resumed_;
};

TEST_F(Run, EndsWithTheStageAndSavesItsLastStep) {
  Counting stage(5);
  EXPECT_EQ(run(stage, {}), Ending::finished);
  EXPECT_EQ(stage.position(), 5);
  EXPECT_TRUE(stage.finished);
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/checkpoints/step-5/manifest.json"));
}

// A stage that gathers in memory writes its result in finish(): a checkpoint of the last step from before would resume
// as done, with nothing.
TEST_F(Run, FinishesTheStageBeforeItsLastCheckpoint) {
  Counting stage(5);
  bool saved_before = true;
  stage.in_finish = [&] { saved_before = saved(5); };
  EXPECT_EQ(run(stage, {}), Ending::finished);
  EXPECT_FALSE(saved_before);
  Counting again(5);
  EXPECT_EQ(run(again, {}), Ending::finished);
  EXPECT_EQ(resumed_, 5);
  EXPECT_TRUE(again.was_finished);
  EXPECT_FALSE(again.finished) << "it is not finished twice";
}

TEST_F(Run, AStageThatCannotFinishLeavesNoLastCheckpoint) {
  checkpoints_.every = 2;
  Counting stage(5);
  stage.in_finish = [] { throw Error("[train] the weights are not finite"); };
  EXPECT_THROW(run(stage, {}), Error);
  EXPECT_FALSE(saved(5));
  EXPECT_TRUE(saved(2));
}

TEST_F(Run, EvaluatesEveryFewUpdatesAndAtTheEnd) {
  Counting stage(7);
  EXPECT_EQ(run(stage, {.eval_every = 3}), Ending::finished);
  EXPECT_EQ(stage.evaluated_at, (std::vector<int64_t>{3, 6, 7}));
  Counting without(7);
  distributed::any(mpi_world().host_group(), false);
  if (mpi_world().rank() == 0) { std::filesystem::remove_all(folder_ + "/checkpoints"); }
  distributed::any(mpi_world().host_group(), false);
  EXPECT_EQ(run(without, {}), Ending::finished);
  EXPECT_TRUE(without.evaluated_at.empty());
}

TEST_F(Run, LogsTheMeansOfNamedValuesAndWhatAnEvaluationSaid) {
  Counting stage(6);
  EXPECT_EQ(run(stage, {.log_every = 2, .eval_every = 4}), Ending::finished);
  if (mpi_world().rank() != 0) { return; }
  std::vector<nlohmann::json> values;
  std::istringstream lines(read_file(folder_ + "/metrics.jsonl"));
  for (std::string line; std::getline(lines, line);) { values.push_back(nlohmann::json::parse(line).at("values")); }
  ASSERT_EQ(values.size(), 3U);
  EXPECT_NEAR(values[0].at("L_part").get<double>(), 1.5, 1e-6) << "the mean of 1 and 2, over all ranks";
  EXPECT_NEAR(values[2].at("L_part").get<double>(), 5.5, 1e-6);
  EXPECT_FALSE(values[0].contains("AUC"));
  EXPECT_NEAR(values[1].at("AUC").get<double>(), 0.54, 1e-9);
  EXPECT_NEAR(values[2].at("AUC").get<double>(), 0.56, 1e-9);
}

TEST_F(Run, StopsWhereAskedAndContinuesThere) {
  Counting first(9);
  EXPECT_EQ(run(first, {.stop_at = 4}), Ending::stopped);
  EXPECT_EQ(first.position(), 4);
  EXPECT_FALSE(first.finished);
  Counting second(9);
  EXPECT_EQ(run(second, {}), Ending::finished);
  EXPECT_EQ(resumed_, 4);
  EXPECT_EQ(second.position(), 9);
}

TEST_F(Run, IsNotFinishedWhereItHadGoneBeyondStopAt) {
  Counting first(9);
  EXPECT_EQ(run(first, {.stop_at = 6}), Ending::stopped);
  Counting second(9);
  EXPECT_EQ(run(second, {.stop_at = 4}), Ending::stopped);
  EXPECT_EQ(second.position(), 6) << "nothing is done, and nothing is undone";
  EXPECT_FALSE(second.finished);
}

TEST_F(Run, AsksNoMoreOfAFinishedStageThatIsToStopEarlier) {
  Counting first(5);
  EXPECT_EQ(run(first, {}), Ending::finished);
  Counting second(5);
  EXPECT_EQ(run(second, {.stop_at = 3}), Ending::finished);
}

TEST_F(Run, ASignalOnOneRankStopsAllOfThemWithACheckpoint) {
  for (const int signal : {SIGTERM, SIGUSR1, SIGUSR2}) {
    Counting stage(1000);
    const int last = mpi_world().size() - 1;
    const int64_t at = stage.position() + 3;
    stage.in_step = [&](int64_t step) {
      if (step % 100 == at && mpi_world().rank() == last) { std::raise(signal); }
    };
    EXPECT_EQ(run(stage, {}), Ending::interrupted);
    EXPECT_FALSE(stage.finished);
    const auto reached = std::to_string(stage.position());
    EXPECT_LE(stage.position() % 100, at + 1) << "at most one step after the signal";
    EXPECT_TRUE(std::filesystem::exists(folder_ + "/checkpoints/step-" + reached + "/manifest.json"));
    const auto agreed = distributed::broadcast_string(mpi_world().host_group(), reached);
    EXPECT_EQ(agreed, reached) << "all ranks stop at the same step";
    distributed::any(mpi_world().host_group(), false);
    if (mpi_world().rank() == 0) { std::filesystem::remove_all(folder_ + "/checkpoints"); }
    distributed::any(mpi_world().host_group(), false);
  }
}

TEST_F(Run, EndsWhereGradientsStayNotFinite) {
  Counting stage(100);
  stage.skipped = 10;
  try {
    run(stage, {.log_every = 2, .nonfinite_limit = 10});
    FAIL() << "the run went on";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("not finite"), std::string::npos) << error.what();
  }
  EXPECT_EQ(stage.position(), 2) << "noticed at the first log line";
}

TEST_F(Run, WhatIsDueWhileUpdatesAreSkippedIsSavedAfterThem) {
  checkpoints_.every = 4;
  Counting stage(7);
  stage.in_step = [&](int64_t step) { stage.skipped = step == 4 || step == 5 ? static_cast<float>(step - 3) : 0; };
  EXPECT_EQ(run(stage, {}), Ending::finished);
  EXPECT_TRUE(saved(6));
  EXPECT_TRUE(saved(7));
  EXPECT_FALSE(saved(4) || saved(5));
}

TEST_F(Run, ADivergedStageDoesNotPushOutSoundCheckpoints) {
  checkpoints_.every = 1;
  Counting stage(100);
  stage.in_step = [&](int64_t step) { stage.skipped = static_cast<float>(std::max<int64_t>(0, step - 3)); };
  try {
    run(stage, {.log_every = 1, .nonfinite_limit = 5});
    FAIL() << "the run went on";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("in a new run.dir"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(saved(2)) << "the save of 3 may still have been on its way";
  for (int64_t step = 4; step <= 8; ++step) { EXPECT_FALSE(saved(step)) << step; }
}

TEST_F(Run, ASignalWhileUpdatesAreSkippedLeavesTheCheckpointBefore) {
  checkpoints_.every = 2;
  Counting stage(100);
  stage.in_step = [&](int64_t step) {
    stage.skipped = static_cast<float>(std::max<int64_t>(0, step - 2));
    if (step == 3) { std::raise(SIGTERM); }
  };
  EXPECT_EQ(run(stage, {}), Ending::interrupted);
  EXPECT_TRUE(saved(2));
  EXPECT_FALSE(saved(stage.position()));
}

TEST_F(Run, EndsWithTheStreamOfAnEvaluation) {
  Counting stage(INT64_MAX);
  FakeStreams streams(small_config(), mpi_world(), 3);
  EXPECT_EQ(stages::run(stage, streams, mpi_world(), {}), Ending::finished);
  EXPECT_EQ(stage.position(), 3);
  EXPECT_TRUE(stage.finished);
}

TEST_F(Run, ASignalBetweenTwoLoopsStopsTheSecond) {
  const StopSignals signals;  // as `reconstruct` holds one over its loops
  Counting first(3), second(100);
  FakeStreams streams(small_config(), mpi_world());
  EXPECT_EQ(stages::run(first, streams, mpi_world(), {}), Ending::finished);
  if (mpi_world().rank() == 0) { std::raise(SIGTERM); }
  EXPECT_EQ(stages::run(second, streams, mpi_world(), {}), Ending::interrupted);
  EXPECT_LE(second.position(), 1);
  EXPECT_FALSE(second.finished);
}

TEST(ClockText, ReadsAsHoursMinutesSeconds) {
  EXPECT_EQ(clock_text(0.4), "0:00:00");
  EXPECT_EQ(clock_text(3725), "1:02:05");
  EXPECT_EQ(clock_text(-3), "0:00:00");
}

}  // namespace
}  // namespace realface::stages
