#include "distributed/watchdog/time_limit.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/log.h"
#include "distributed/watchdog/gaps.h"

namespace realface::distributed {

TimeLimit::TimeLimit(double seconds, std::string what, std::function<void()> end)
    : seconds_(seconds), what_(std::move(what)), end_(std::move(end)) {
  if (seconds_ > 0) {
    thread_ = std::thread([this] { run(); });
  }
}

TimeLimit::~TimeLimit() {
  if (!thread_.joinable()) { return; }
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void TimeLimit::run() {
  const auto begun = Gaps::Clock::now();
  const std::chrono::duration<double> interval(std::clamp(seconds_ / 10, 0.02, 0.25));
  Gaps gaps(begun);
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, interval, [this] { return over_; })) {
    gaps.tick();
    if (gaps.seconds_since(begun) < seconds_) { continue; }
    log::error(
        fmt::format("[watchdog] {} has not ended within {:.0f} s: another rank did not come to it, is stopped or dead, "
                    "or the network between the nodes fails; ending the run",
                    what_, seconds_));
    end_();
    return;
  }
}

}  // namespace realface::distributed
