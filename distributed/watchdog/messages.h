#pragma once

#include <array>
#include <cstdint>

#include "distributed/watchdog/watchdog.h"

namespace realface::distributed {

/// "Where are you?", from a rank whose collective hangs.
struct Watchdog::Query {
  int32_t asker = 0;
};

/// The answer: how far this rank is in each group.
struct Watchdog::Status {
  static constexpr size_t kGroups = 4;
  std::array<uint64_t, kGroups> begun{};
  double seconds_since_beat = -1;  // of the main thread; -1: it never gave a sign of life
  std::array<char, 64> host{};
  std::array<char, 96> last{};  // the latest collective begun
};

}  // namespace realface::distributed
