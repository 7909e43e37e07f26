#include "distributed/watchdog/gaps.h"

#include <gtest/gtest.h>

namespace realface::distributed {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Ticks every quarter of a second until `until`, from the last tick.
struct Ticker {
  void tick_until(Gaps::Clock::time_point until) {
    while (now < until) { gaps.tick(now += milliseconds(250)); }
  }
  void pause(seconds length) { gaps.tick(now += length); }

  Gaps::Clock::time_point start{}, now = start;
  Gaps gaps{start};
};

TEST(Gaps, CountTimeAsTheClockDoesWhileTheThreadTicks) {
  Ticker ticker;
  ticker.tick_until(ticker.start + seconds(100));
  EXPECT_DOUBLE_EQ(ticker.gaps.seconds_since(ticker.start), 100);
  EXPECT_DOUBLE_EQ(ticker.gaps.seconds_since(ticker.start + seconds(60)), 40);
}

TEST(Gaps, LeaveOutWhatPassedWhileNothingRan) {
  Ticker ticker;
  ticker.tick_until(ticker.start + seconds(10));
  ticker.pause(seconds(3600));
  ticker.tick_until(ticker.now + seconds(5));
  EXPECT_DOUBLE_EQ(ticker.gaps.seconds_since(ticker.start), 15);
  EXPECT_DOUBLE_EQ(ticker.gaps.seconds_since(ticker.now - seconds(2)), 2) << "it began after the gap";
  ticker.pause(seconds(50));
  EXPECT_DOUBLE_EQ(ticker.gaps.seconds_since(ticker.start), 15) << "gaps add up";
}

TEST(Gaps, AShortWaitIsNoGap) {
  Ticker ticker;
  ticker.pause(seconds(2));
  EXPECT_DOUBLE_EQ(ticker.gaps.seconds_since(ticker.start), 2);
}

}  // namespace
}  // namespace realface::distributed
