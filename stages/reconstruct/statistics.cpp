#include "stages/reconstruct/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace realface::stages {
namespace {

// t(0.975) for 1 to 20 degrees of freedom, where the series below is not exact to four digits.
constexpr std::array<double, 20> kFewDegrees = {12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646,
                                                2.3060,  2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448,
                                                2.1314,  2.1199, 2.1098, 2.1009, 2.0930, 2.0860};

}  // namespace

double student_t(int degrees_of_freedom) {
  if (degrees_of_freedom < 1) { return kNaN; }
  if (degrees_of_freedom <= 20) { return kFewDegrees[static_cast<size_t>(degrees_of_freedom - 1)]; }
  // Cornish-Fisher expansion about the normal quantile (Abramowitz and Stegun 26.7.5).
  const double z = 1.959964, n = degrees_of_freedom;
  const double z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
  return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n);
}

MeanInterval mean_interval(const std::vector<double>& values) {
  if (values.empty()) { return {kNaN, kNaN, kNaN}; }
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  if (values.size() < 2) { return {mean, kNaN, kNaN}; }
  double squares = 0;
  for (const double value : values) { squares += (value - mean) * (value - mean); }
  const double half = student_t(static_cast<int>(values.size()) - 1) * std::sqrt(squares / (count - 1) / count);
  return {mean, mean - half, mean + half};
}

}  // namespace realface::stages
