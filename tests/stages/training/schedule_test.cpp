#include "stages/training/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace realface::stages {
namespace {

TEST(Schedule, ScalesTheBaseRateByTheBatchOver256) {
  ScheduleConfig config;
  config.lr = 1.5e-4;
  EXPECT_DOUBLE_EQ(Schedule(config, 100, 4096, 0).peak(), 2.4e-3);
  EXPECT_DOUBLE_EQ(Schedule(config, 100, 128, 0).peak(), 7.5e-5);  // RFFR's own number (G14)
}

TEST(Schedule, TakesAnAbsoluteRateAsItIs) {
  ScheduleConfig config;
  config.lr_abs = 1e-4;
  EXPECT_DOUBLE_EQ(Schedule(config, 100, 32, 0).peak(), 1e-4);
}

TEST(Schedule, WarmsUpLinearlyAndFallsAlongHalfACosine) {
  ScheduleConfig config;
  config.lr_abs = 1.0;
  config.lr_min = 0.1;
  config.warmup = 0.1;
  config.warmup_epochs = 0;
  const Schedule schedule(config, 1000, 256, 0);
  for (int64_t step = 0; step < 1000; ++step) {
    const double now = static_cast<double>(step);
    const double expected =
        step < 100 ? now / 100 : 0.1 + 0.9 * 0.5 * (1 + std::cos(std::numbers::pi * (now - 100) / 900));
    ASSERT_NEAR(schedule.at(step), expected, 1e-12) << "at step " << step;
  }
  EXPECT_DOUBLE_EQ(schedule.at(0), 0.0);
  EXPECT_DOUBLE_EQ(schedule.at(100), 1.0);
  EXPECT_NEAR(schedule.at(1000), 0.1, 1e-12);
}

// F12: the published train.py of RFFR moves its schedule on before its first update.
TEST(Schedule, MayBeginOneUpdateIntoTheWarmUp) {
  ScheduleConfig config;
  config.lr_abs = 1.0;
  config.warmup = 0.1;
  config.warmup_epochs = 0;
  config.warmup_start = 1;
  const Schedule schedule(config, 1000, 256, 0);
  EXPECT_DOUBLE_EQ(schedule.at(0), 0.01);
  EXPECT_DOUBLE_EQ(schedule.at(98), 0.99);
  EXPECT_DOUBLE_EQ(schedule.at(99), 1.0);
  for (int64_t step = 100; step < 999; ++step) {
    const double expected = 0.5 * (1 + std::cos(std::numbers::pi * static_cast<double>(step + 1 - 100) / 900));
    ASSERT_NEAR(schedule.at(step), expected, 1e-12) << "at step " << step;
  }
}

TEST(Schedule, CapsTheWarmUpAtSoManyEpochs) {
  ScheduleConfig config;
  config.warmup = 0.05;
  config.warmup_epochs = 40;
  EXPECT_DOUBLE_EQ(Schedule(config, 10000, 8, 10).warmup_steps(), 400);  // 40 epochs of 10, fewer than 5 % of 10,000
  EXPECT_DOUBLE_EQ(Schedule(config, 10000, 8, 100).warmup_steps(), 500);
  EXPECT_DOUBLE_EQ(Schedule(config, 10000, 8, 0).warmup_steps(), 500);
}

TEST(Schedule, StaysFlatWhereConstant) {
  ScheduleConfig config;
  config.kind = "constant";
  config.lr_abs = 1e-4;
  config.warmup = 0;
  const Schedule schedule(config, 10, 32, 0);
  EXPECT_DOUBLE_EQ(schedule.at(0), 1e-4);
  EXPECT_DOUBLE_EQ(schedule.at(9), 1e-4);
}

TEST(Schedule, SurvivesARunThatIsAllWarmUp) {
  ScheduleConfig config;
  config.lr_abs = 1.0;
  config.warmup = 1;
  config.warmup_epochs = 0;
  const Schedule schedule(config, 4, 256, 0);
  EXPECT_DOUBLE_EQ(schedule.at(3), 0.75);
}

}  // namespace
}  // namespace realface::stages
