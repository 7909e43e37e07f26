#include "stages/report/charts.h"

#include <algorithm>
#include <cmath>

#include "stages/report/html.h"
#include "stages/report/svg.h"

namespace realface::stages::report::charts {
namespace {

/// As many digits as tell them apart.
std::vector<Tick> ticks_of(const Axis& axis, const std::vector<Tick>& own, int wanted) {
  if (!own.empty()) { return own; }
  std::vector<Tick> marks;
  for (int digits = 3; digits <= 9; ++digits) {
    marks.clear();
    for (const double value : axis_ticks(axis, wanted)) { marks.push_back({value, html::tick(value, digits)}); }
    if (std::ranges::adjacent_find(marks, {}, &Tick::label) == marks.end()) { break; }
  }
  return marks;
}

/// The range of the ticks if an axis has its own.
void cover(const std::vector<Tick>& own, Range& range) {
  if (!own.empty()) { range = {own.front().value, own.back().value}; }
}

std::string draw_axes(const LineChart& chart, const Axis& x, const Axis& y) {
  std::string out;
  for (const auto& [value, label] : ticks_of(y, chart.y_ticks, 5)) {
    out += rule(kLeft, y.place(value), chart.width - kRight, y.place(value), "grid");
    out += text(kLeft - 8, y.place(value) + 4, "tick end", label);
  }
  for (const auto& [value, label] : ticks_of(x, chart.x_ticks, 7)) {
    if (!chart.x_ticks.empty()) { out += rule(x.place(value), kTop, x.place(value), chart.height - kBottom, "grid"); }
    out += text(x.place(value), chart.height - kBottom + 18, "tick middle", label);
  }
  out += rule(kLeft, chart.height - kBottom, chart.width - kRight, chart.height - kBottom, "axis");
  out += text((kLeft + chart.width - kRight) / 2, chart.height - 6, "label middle", chart.x_label);
  return out + text(4, 12, "label", chart.y_label + (y.logarithmic ? " (logarithmic)" : ""));
}

std::string draw_line(const Line& line, const Axis& x, const Axis& y) {
  std::string path;
  bool pen_down = false;
  for (size_t i = 0; i < line.x.size(); ++i) {
    if (!std::isfinite(line.y[i]) || (y.logarithmic && line.y[i] <= 0)) {
      pen_down = false;
      continue;
    }
    path += (pen_down ? " L" : " M") + at(x.place(line.x[i])) + "," + at(y.place(line.y[i]));
    // A lone point would be a line of no length, which is not drawn.
    if (!pen_down) { path += " h0.1"; }
    pen_down = true;
  }
  return "<path class=\"line " + line.css_class + "\" d=\"" + path + "\" />\n";
}

/// Samples of the lines with labels, with these, at the right.
std::string draw_legend(const LineChart& chart) {
  constexpr double kRow = 18, kWords = 150, kSample = 34;
  const auto labelled = std::ranges::count_if(chart.lines, [](const Line& line) { return !line.label.empty(); });
  const double left = chart.width - kRight - kWords - kSample;
  double y = chart.legend_below ? chart.height - kBottom - kRow * static_cast<double>(labelled) : kTop + kRow;
  std::string out;
  for (const auto& line : chart.lines) {
    if (line.label.empty()) { continue; }
    out += rule(left, y, left + kSample - 8, y, "line " + line.css_class) +
           text(left + kSample, y + 4, "name", line.label);
    y += kRow;
  }
  return out;
}

}  // namespace

std::string draw(const LineChart& chart) {
  Range xs, ys;
  for (const auto& line : chart.lines) {
    for (size_t i = 0; i < line.x.size(); ++i) {
      if (std::isfinite(line.y[i])) { xs.add(line.x[i]), ys.add(line.y[i]); }
    }
  }
  if (ys.empty()) { return ""; }
  cover(chart.x_ticks, xs), cover(chart.y_ticks, ys);
  const Axis x = axis_over(xs, kLeft, chart.width - kRight, false, false);
  const Axis y =
      axis_over(ys, chart.height - kBottom, kTop, chart.from_zero, !chart.from_zero && chart.y_ticks.empty());
  std::string content = draw_axes(chart, x, y);
  for (const auto& marker : chart.markers) {
    if (marker.x < x.low || marker.x > x.high) { continue; }
    const double place = x.place(marker.x);
    const bool at_right = place > chart.width * 0.7;
    content += rule(place, kTop, place, chart.height - kBottom, "marker");
    content += text(place, kTop - 6, at_right ? "note end" : "note", marker.label);
  }
  for (const auto& line : chart.lines) { content += draw_line(line, x, y); }
  content += draw_legend(chart);
  return picture(chart.width, chart.height, chart.title, content);
}

}  // namespace realface::stages::report::charts
