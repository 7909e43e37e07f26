#include "launcher/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>

#include "base/log.h"

namespace realface::launcher {
namespace {

constexpr auto kTerminalPause = std::chrono::milliseconds(200);
constexpr auto kLogPause = std::chrono::seconds(10);
constexpr int kBar = 24;

}  // namespace

std::string duration_text(double seconds) {
  const auto whole = static_cast<long long>(std::llround(std::max(0.0, seconds)));
  char text[64];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%lld h %02lld min", whole / 3600, whole / 60 % 60);
  } else if (whole >= 60) {
    std::snprintf(text, sizeof text, "%lld min %02lld s", whole / 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld s", whole);
  }
  return text;
}

std::string progress_text(const std::string& unit, int64_t done, int64_t total, double seconds) {
  const double share = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 1;
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  const auto full = static_cast<size_t>(std::clamp(share, 0.0, 1.0) * kBar);
  char text[160];
  std::snprintf(text, sizeof text, " %3.0f %%  %lld/%lld %s  %.1f/s  ", 100 * share, static_cast<long long>(done),
                static_cast<long long>(total), unit.c_str(), rate);
  const std::string left = done >= total ? "took " + duration_text(seconds)
                           : rate > 0    ? duration_text(static_cast<double>(total - done) / rate) + " left"
                                         : "";
  std::string line = "[";
  line.append(full, '#').append(kBar - full, '.').append("]").append(text).append(left);
  return line;
}

Progress::Progress(std::string unit, int terminal)
    : unit_(std::move(unit)), terminal_(terminal < 0 ? ::isatty(STDERR_FILENO) == 1 : terminal > 0) {}

Progress::~Progress() {
  if (on_line_) { std::cerr << "\n" << std::flush; }
}

void Progress::update(int64_t done, int64_t total) {
  if (done <= done_) { return; }
  done_ = done;
  const auto now = Clock::now();
  // The first line of a log comes when the work has begun to tell its rate, the last one always.
  const auto since = now - (shown_ == Clock::time_point{} ? start_ : shown_);
  if (done < total && since < (terminal_ ? std::chrono::nanoseconds(kTerminalPause) : kLogPause)) { return; }
  shown_ = now;
  const std::string text = progress_text(unit_, done, total, std::chrono::duration<double>(now - start_).count());
  if (!terminal_) {
    log::info(text);
    return;
  }
  std::cerr << "\r" << text << "\x1b[K" << std::flush;
  on_line_ = true;
}

}  // namespace realface::launcher
