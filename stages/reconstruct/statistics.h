#pragma once

#include <vector>

#include "stages/scores/missing.h"

/// Numbers about errors of videos. A video counts once, however many of its frames were seen: frames of one video are
/// near-copies, so an interval over frames would be far too narrow.
namespace realface::stages {

struct MeanInterval {
  double mean = 0;           // NaN for no values
  double low = 0, high = 0;  // 95 %, NaN for fewer than two values
};

/// The mean with Student's 95 % interval, mean +- t(0.975, n - 1) * s / sqrt(n).
MeanInterval mean_interval(const std::vector<double>& values);

/// The 97.5 % quantile of Student's t: exact to four digits.
double student_t(int degrees_of_freedom);

}  // namespace realface::stages
