#pragma once

#include <string>
#include <vector>

/// Charts as inline SVG, drawn here. Colours and fonts come from the page's style, so they follow light and dark.
namespace realface::stages::report::charts {

struct Line {
  std::vector<double> x, y;  // same length; where y is not finite the line is broken
  std::string css_class;     // "strong" | "faint" | "even" | "run0" to "run5", which differ in their dashes too
  std::string label = {};    // in the chart's legend, if not empty
};

/// A vertical line through the chart.
struct Marker {
  double x = 0;
  std::string label;
};

/// A marked place of an axis.
struct Tick {
  double value = 0;
  std::string label;
};

struct LineChart {
  std::string title;  // for readers of the screen
  std::string x_label, y_label;
  std::vector<Line> lines;
  std::vector<Marker> markers;
  bool from_zero = false;  // the y axis starts at 0
  double height = 280, width = 760;
  bool legend_below = false;                     // in the lower right corner instead of the upper
  std::vector<Tick> x_ticks = {}, y_ticks = {};  // in place of round numbers; the axis goes from the first to the last
};

/// Logarithmic in y where the values are positive and span over a factor of 20, unless the axis has ticks of its own.
/// Returns "" where no point is finite.
std::string draw(const LineChart& chart);

struct Bar {
  std::string label, note;  // name at the left, words at the end of the bar
  double value = 0;
  double low = 0, high = 0;  // whisker; not finite: none
  std::string css_class;     // "real" | "fake" | "guess"
};

struct BarChart {
  std::string title, x_label;
  std::vector<Bar> bars;
};

/// Horizontal bars from zero. Bars that are not finite say "not known". Returns "" where no value is finite.
std::string draw(const BarChart& chart);

/// Two distributions over the same bins, real above the axis and fake below it.
struct MirrorChart {
  std::string title, x_label;
  std::string above_label, below_label;
  std::vector<double> above, below;  // shares of each bin, from 0 to 1; the bins divide [0, 1] evenly
};

/// Both sides have one scale, so areas compare. Returns "" if no share is positive.
std::string draw(const MirrorChart& chart);

struct Share {
  std::string label;
  double value = 0;
};

/// One bar cut into shares of the whole, with its legend. Shares under half a percent are left out of the legend.
std::string draw_shares(const std::string& title, const std::vector<Share>& shares);

/// Round numbers that cover [low, high], about `wanted` of them.
std::vector<double> ticks(double low, double high, int wanted);

}  // namespace realface::stages::report::charts
