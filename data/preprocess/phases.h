#pragma once

#include <chrono>

namespace realface::data::preprocess {

/// Seconds spent on a video, by phase.
struct PhaseSeconds {
  double decode = 0, detect = 0, crop = 0, encode = 0;
};

/// Adds the time of its life to a sum.
class Stopwatch {
 public:
  explicit Stopwatch(double& sum) : sum_(sum), start_(std::chrono::steady_clock::now()) {}
  ~Stopwatch() { sum_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& sum_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace realface::data::preprocess
