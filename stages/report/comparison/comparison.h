#pragma once

#include <string>
#include <vector>

#include "stages/report/page.h"

namespace realface::stages::report {

/// Runs that one page puts side by side, at most as many as lines that can be told apart without colour.
inline constexpr size_t kMostRuns = 6;

/// One page about two to kMostRuns detectors: for each set of videos their figures and curves, and DeLong's paired test
/// of each against the first. Self-contained as that of one run. Throws DataError for a run without scores of an
/// evaluation, and Error as compare_scores (stages/scores/compare.h) does.
std::string render_comparison(const std::vector<ReportInput>& runs);

}  // namespace realface::stages::report
