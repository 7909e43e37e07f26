#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace realface::distributed {

/// Ends the process if something that blocks, and that no watchdog can see, takes too long: joining the world, leaving
/// it. Lives as long as that lasts:
///
///     const TimeLimit limit(300, "joining the world", [] { std::_Exit(1); });
///
/// Time in which the process was stopped does not count.
class TimeLimit {
 public:
  /// After `seconds` (0: never) an error that names `what` is logged and `end` is called, from a thread of this object;
  /// `end` ends the process.
  TimeLimit(double seconds, std::string what, std::function<void()> end);
  ~TimeLimit();
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;

 private:
  void run();

  const double seconds_;
  const std::string what_;
  const std::function<void()> end_;
  std::mutex mutex_;  // guards over_
  std::condition_variable changed_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace realface::distributed
