#include "base/telemetry.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace realface::telemetry {
namespace {

TEST(Telemetry, LosesNoIncrementBetweenThreads) {
  Number& number = counter("test_total");
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&number] {
      for (int i = 0; i < 10000; ++i) { number.add(1); }
    });
  }
  threads.clear();
  EXPECT_EQ(counters().at("test_total"), 40000);
}

TEST(Telemetry, TimesAPhase) {
  const double before = phase_seconds(Phase::eval);
  {
    const PhaseTimer timer(Phase::eval);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_GE(phase_seconds(Phase::eval) - before, 0.02);
  EXPECT_LT(phase_seconds(Phase::eval) - before, 2.0);
}

}  // namespace
}  // namespace realface::telemetry
