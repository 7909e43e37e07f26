#include "stages/signals.h"

#include <gtest/gtest.h>

#include <csignal>

#include "distributed/agreement.h"
#include "tests/mpi_world.h"

namespace realface::stages {
namespace {

using testing::mpi_world;

void (*handler_of(int signal))(int) {
  struct sigaction action {};
  sigaction(signal, nullptr, &action);
  return action.sa_handler;
}

// The last of these objects goes while a process that stops still leaves its world.
TEST(StopSignals, NoLaterSignalEndsAProcessThatWasAskedToStop) {
  {
    const StopSignals signals;
    std::raise(SIGUSR1);
    EXPECT_TRUE(StopSignals::raised());
  }
  for (const int signal : {SIGTERM, SIGUSR1, SIGUSR2, SIGTERM}) { std::raise(signal); }
}

TEST(StopSignals, NorOneThatStopsForTheSignalOfAnotherRank) {
  {
    const StopSignals signals;
    if (mpi_world().rank() == mpi_world().size() - 1) { std::raise(SIGUSR1); }
    StopAgreement agreement(mpi_world().host_group());
    int boundaries = 1;
    while (!agreement.at_boundary() && boundaries < 10) { ++boundaries; }
    EXPECT_LE(boundaries, 2);
    EXPECT_TRUE(StopSignals::raised()) << "on every rank";
  }
  for (const int signal : {SIGTERM, SIGUSR1, SIGUSR2, SIGTERM}) { std::raise(signal); }
}

TEST(StopSignals, TheNextOneStartsWithTheFlagDown) {
  {
    const StopSignals signals;
    std::raise(SIGTERM);
  }
  const StopSignals signals;
  EXPECT_FALSE(StopSignals::raised());
  std::raise(SIGTERM);
  EXPECT_TRUE(StopSignals::raised());
}

TEST(StopSignals, WithoutASignalTheEarlierHandlersReturn) {
  { const StopSignals signals; }
  for (const int signal : {SIGTERM, SIGUSR1, SIGUSR2}) {
    const auto before = handler_of(signal);
    {
      const StopSignals signals;
      EXPECT_NE(handler_of(signal), before);
    }
    EXPECT_EQ(handler_of(signal), before);
  }
}

}  // namespace
}  // namespace realface::stages
