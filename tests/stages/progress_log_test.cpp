#include "stages/progress_log.h"

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "base/telemetry.h"
#include "tests/mpi_world.h"
#include "tests/stages/on_device.h"

namespace realface::stages {
namespace {

using realface::testing::mpi_world;

/// Counts skipped updates as Pretrain does: in one tensor that every report refers to.
class Skipping final : public Stage {
 public:
  explicit Skipping(float skipped_in_all) { skipped_[1] = skipped_in_all; }

  std::string name() const override { return "skipping"; }
  int64_t steps() const override { return 100; }
  int64_t position() const override { return position_; }
  StepReport step(const data::Step&) override { return step(false); }
  StepReport step(bool skip) {
    ++position_;
    skipped_[0].add_(1).mul_(skip ? 1 : 0);
    skipped_[1].add_(skip ? 1 : 0);
    StepReport report;
    report.loss = on_device(at::full({}, 1.0));
    report.skipped_in_a_row = skipped_.select(0, 0);
    report.skipped_in_all = skipped_.select(0, 1);
    return report;
  }
  std::vector<Part*> parts() override { return {}; }

 private:
  torch::Tensor skipped_ = on_device(at::zeros({2}));
  int64_t position_ = 0;
};

double counted() { return telemetry::counter("skipped_updates_total").value(); }

TEST(ProgressLog, CountsSkippedUpdatesOnce) {
  Skipping stage(0);
  ProgressLog log(stage, mpi_world(), 100, 0);
  const double before = counted();
  for (const bool skip : {true, false, true}) { log.add(stage.step(skip)); }
  log.flush();
  EXPECT_EQ(counted(), before + 2);
  EXPECT_EQ(log.skipped_in_a_row(), 1);
  log.add(stage.step(true));
  log.flush();
  EXPECT_EQ(counted(), before + 3);
  EXPECT_EQ(log.skipped_in_a_row(), 2);
  log.add(stage.step(false));
  log.flush();
  EXPECT_EQ(counted(), before + 3);
}

TEST(ProgressLog, DoesNotCountAgainWhatACheckpointSaysWasSkipped) {
  for (const bool skip_first : {false, true}) {
    Skipping resumed(7);
    ProgressLog log(resumed, mpi_world(), 100, 0);
    const double before = counted();
    log.add(resumed.step(skip_first));
    log.add(resumed.step(false));
    log.flush();
    EXPECT_EQ(counted(), before + (skip_first ? 1 : 0));
    log.add(resumed.step(true));
    log.flush();
    EXPECT_EQ(counted(), before + (skip_first ? 2 : 1));
  }
}

}  // namespace
}  // namespace realface::stages
