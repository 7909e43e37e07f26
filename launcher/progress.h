#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace realface::launcher {

/// Shows how far a long piece of work is: on a terminal one line that is rewritten, with bar, rate and time left; else
/// a plain line now and then. Only the first rank makes one. One thread at a time.
class Progress {
 public:
  /// `unit` is what is counted, for example "videos". A negative `terminal` asks stderr whether it is one.
  explicit Progress(std::string unit, int terminal = -1);
  /// Ends the line on a terminal.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Counts never fall: a late update of an earlier count is ignored.
  void update(int64_t done, int64_t total);

 private:
  using Clock = std::chrono::steady_clock;

  std::string unit_;
  bool terminal_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point shown_{};
  int64_t done_ = 0;
  bool on_line_ = false;
};

/// "[#####.....]  50 %  30/60 videos  2.0/s  15 s left"
std::string progress_text(const std::string& unit, int64_t done, int64_t total, double seconds);

/// "1 h 02 min", "3 min 05 s" or "12 s".
std::string duration_text(double seconds);

}  // namespace realface::launcher
