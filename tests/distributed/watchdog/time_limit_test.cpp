#include "distributed/watchdog/time_limit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace realface::distributed {
namespace {

using std::chrono::milliseconds;

TEST(TimeLimit, EndsWhatOutlastsIt) {
  EXPECT_EXIT(
      {
        const TimeLimit limit(0.2, "leaving the world", [] { std::_Exit(7); });
        std::this_thread::sleep_for(std::chrono::seconds(20));
      },
      testing::ExitedWithCode(7), "leaving the world has not ended within");
}

TEST(TimeLimit, LeavesAloneWhatEndsInTimeOrHasNoLimit) {
  std::atomic<bool> ended = false;
  const auto end = [&] { ended = true; };
  {
    const TimeLimit limit(30, "something", end);
    const TimeLimit none(0, "something", end);
    std::this_thread::sleep_for(milliseconds(50));
  }
  EXPECT_FALSE(ended);
}

}  // namespace
}  // namespace realface::distributed
