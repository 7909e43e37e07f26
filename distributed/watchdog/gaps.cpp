#include "distributed/watchdog/gaps.h"

namespace realface::distributed {
namespace {

constexpr double kTolerated = 2;  // a busy machine may keep a thread waiting for so long, seconds

double between(Gaps::Clock::time_point from, Gaps::Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

void Gaps::tick(Clock::time_point now) {
  const double passed = between(last_, now);
  if (passed > kTolerated) { gaps_.push_back({now, passed}); }
  last_ = now;
}

double Gaps::seconds_since(Clock::time_point begun) const {
  double seconds = between(begun, last_);
  for (const auto& gap : gaps_) {
    if (gap.end > begun) { seconds -= gap.seconds; }
  }
  return seconds;
}

}  // namespace realface::distributed
