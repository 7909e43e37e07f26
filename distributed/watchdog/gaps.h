#pragma once

#include <chrono>
#include <vector>

namespace realface::distributed {

/// When this process did not run: it was stopped (SIGSTOP, a suspended Slurm job) or its machine slept. A thread that
/// looks at deadlines ticks every quarter of a second; if much more passes between two ticks, nothing else ran either,
/// and every deadline moves by as much. One thread.
class Gaps {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Gaps(Clock::time_point start = Clock::now()) : last_(start) {}

  void tick(Clock::time_point now = Clock::now());
  /// Seconds from `begun` to the last tick, without the gaps that ended after it.
  double seconds_since(Clock::time_point begun) const;

 private:
  struct Gap {
    Clock::time_point end;
    double seconds;
  };
  Clock::time_point last_;
  std::vector<Gap> gaps_;
};

}  // namespace realface::distributed
