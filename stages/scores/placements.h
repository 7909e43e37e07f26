#pragma once

#include <span>
#include <vector>

#include "stages/scores/roc.h"

/// What DeLong's variance is made of: the placement of a score is the share of the other class that it is on the right
/// side of, ties counting one half. Internal to stages/scores.
namespace realface::stages {

/// Mann-Whitney's estimate, over scores that are sorted ascending and have both classes. Exact up to one division.
double area_under_curve(std::span<const Scored> ascending);

/// The variance of the area, scores of a cluster being dependent; NaN for fewer than two clusters of a class.
double clustered_auc_variance(std::span<const Scored> ascending, double auc);

/// Of each score, in the order given.
std::vector<double> placements(std::span<const double> scores, const std::vector<bool>& fake);
double mean_placement(const std::vector<double>& placements, const std::vector<bool>& fake);  // of the fakes: the AUC

struct Moments {
  double mean = 0, variance = 0;
};
/// Of b - a over the items of one label, two at least.
Moments moments_of_differences(const std::vector<double>& a, const std::vector<double>& b,
                               const std::vector<bool>& fake, bool label);

}  // namespace realface::stages
