#pragma once

#include <map>
#include <string>
#include <vector>

namespace realface::cluster {

using Labels = std::map<std::string, std::string>;

/// A telemetry name taken apart: `a{b="c"}` is base "a" with the label b.
struct SeriesName {
  std::string base;
  Labels labels;
};

/// Characters that Prometheus forbids in a name become '_'; text after the base that is not a list of labels is
/// dropped.
SeriesName parse_series(const std::string& text);

/// A histogram put together from its counters.
struct Histogram {
  std::map<double, double> cumulative;  // by upper bound
  double sum = 0, count = 0;
};

/// Takes the histograms out of a table of counters, by name.
std::map<std::string, Histogram> extract_histograms(std::map<std::string, double>& counters);

}  // namespace realface::cluster
