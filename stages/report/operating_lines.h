#pragma once

#include <string>

#include "stages/report/charts.h"
#include "stages/report/detection.h"

/// ROC and DET curves as lines, and the axes that they stand on. Internal to operating_curves.cpp.
namespace realface::stages::report::html {

/// Axes as high as wide, with the line of a coin toss.
charts::LineChart roc_axes(const std::string& title);
/// Normal deviates of rates in percent, from one at or before `lowest` on; with the line of equal rates too.
charts::LineChart det_axes(const std::string& title, double lowest);

/// Of the scores of a set's videos, with as many points as can be told apart; no points unless there are scores of both
/// classes. A rate of 0 has no deviate: the DET curve shows it as that of half a video.
charts::Line roc_line(const TestedSet& set);
charts::Line det_line(const TestedSet& set);

/// The lowest rate that the set's DET curve shows.
double lowest_rate(const TestedSet& set);

}  // namespace realface::stages::report::html
