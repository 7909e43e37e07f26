#include "stages/report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "stages/report/charts.h"
#include "stages/report/html.h"

namespace realface::stages::report::charts {

std::string at(double value) { return fmt::format("{:.1f}", value); }

std::string text(double x, double y, const std::string& css_class, const std::string& words) {
  return "<text class=\"" + css_class + "\" x=\"" + at(x) + "\" y=\"" + at(y) + "\">" + html::escape(words) +
         "</text>\n";
}

std::string rule(double x1, double y1, double x2, double y2, const std::string& css_class) {
  return "<line class=\"" + css_class + "\" x1=\"" + at(x1) + "\" y1=\"" + at(y1) + "\" x2=\"" + at(x2) + "\" y2=\"" +
         at(y2) + "\" />\n";
}

std::string rectangle(double x, double y, double width, double height, const std::string& css_class,
                      const std::string& hint) {
  return "<rect class=\"" + css_class + "\" x=\"" + at(x) + "\" y=\"" + at(y) + "\" width=\"" +
         at(std::max(0.0, width)) + "\" height=\"" + at(height) + "\" rx=\"2\"><title>" + html::escape(hint) +
         "</title></rect>\n";
}

std::string picture(double width, double height, const std::string& title, const std::string& content) {
  return std::string("<div class=\"scroll\"><svg class=\"") + (width < kWidth ? "chart narrow" : "chart") +
         "\" viewBox=\"0 0 " + at(width) + " " + at(height) + "\" role=\"img\" aria-label=\"" + html::escape(title) +
         "\">\n" + content + "</svg></div>\n";
}

double Axis::place(double value) const {
  const auto scaled = [this](double v) { return logarithmic ? std::log10(v) : v; };
  return from + (scaled(value) - scaled(low)) / (scaled(high) - scaled(low)) * (to - from);
}

void Range::add(double value) {
  if (!std::isfinite(value)) { return; }
  low = std::min(low, value);
  high = std::max(high, value);
}

Axis axis_over(Range range, double from, double to, bool from_zero, bool may_be_logarithmic) {
  const bool logarithmic = may_be_logarithmic && range.low > 0 && range.high / range.low > 20;
  if (from_zero && !logarithmic) { range.low = std::min(0.0, range.low); }
  if (range.high == range.low) {  // a flat line needs some height
    range.high += range.high == 0 ? 1 : std::abs(range.high) * 0.1;
    if (!logarithmic && range.low != 0) { range.low -= std::abs(range.low) * 0.1; }
  }
  return {range.low, range.high, from, to, logarithmic};
}

std::vector<double> axis_ticks(const Axis& axis, int wanted) {
  if (!axis.logarithmic) { return ticks(axis.low, axis.high, wanted); }
  std::vector<double> marks;
  for (double decade = std::pow(10, std::floor(std::log10(axis.low))); decade <= axis.high; decade *= 10) {
    for (const double step : {1.0, 2.0, 5.0}) {
      if (decade * step >= axis.low && decade * step <= axis.high) { marks.push_back(decade * step); }
    }
  }
  return marks;
}

std::vector<double> ticks(double low, double high, int wanted) {
  const double raw = (high - low) / std::max(1, wanted);
  if (!(raw > 0) || !std::isfinite(raw)) { return {}; }
  const double magnitude = std::pow(10, std::floor(std::log10(raw)));
  double step = 10 * magnitude;
  for (const double nice : {5.0, 2.0, 1.0}) {
    if (nice * magnitude >= raw) { step = nice * magnitude; }
  }
  std::vector<double> marks;
  const auto first = static_cast<int64_t>(std::ceil(low / step - 1e-9));
  for (int64_t i = first; static_cast<double>(i) * step <= high + step * 1e-9; ++i) {
    marks.push_back(static_cast<double>(i) * step);
  }
  return marks;
}

}  // namespace realface::stages::report::charts
