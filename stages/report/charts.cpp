#include "stages/report/charts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include "stages/report/html.h"

namespace realface::stages::report::charts {
namespace {

constexpr double kWidth = 760, kLeft = 64, kRight = 16, kTop = 24, kBottom = 44;

/// A coordinate: one decimal is a tenth of a pixel.
std::string at(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

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

std::string svg(double width, double height, const std::string& title, const std::string& content) {
  return "<div class=\"scroll\"><svg class=\"chart\" viewBox=\"0 0 " + at(width) + " " + at(height) +
         "\" role=\"img\" aria-label=\"" + html::escape(title) + "\">\n" + content + "</svg></div>\n";
}

/// From a value to a place on the page, straight or by its logarithm.
struct Axis {
  double low = 0, high = 1, from = 0, to = 1;
  bool logarithmic = false;

  double place(double value) const {
    const auto scaled = [this](double v) { return logarithmic ? std::log10(v) : v; };
    return from + (scaled(value) - scaled(low)) / (scaled(high) - scaled(low)) * (to - from);
  }
};

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  void add(double value) {
    if (!std::isfinite(value)) { return; }
    low = std::min(low, value);
    high = std::max(high, value);
  }
  bool empty() const { return low > high; }
};

Axis axis_over(Range range, double from, double to, bool from_zero, bool may_be_logarithmic) {
  const bool logarithmic = may_be_logarithmic && range.low > 0 && range.high / range.low > 20;
  if (from_zero && !logarithmic) { range.low = std::min(0.0, range.low); }
  if (range.high == range.low) {  // a flat line needs some height
    range.high += std::max(1e-9, std::abs(range.high) * 0.1);
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

std::string draw_axes(const LineChart& chart, const Axis& x, const Axis& y) {
  std::string out;
  for (const double value : axis_ticks(y, 5)) {
    out += rule(kLeft, y.place(value), kWidth - kRight, y.place(value), "grid");
    out += text(kLeft - 8, y.place(value) + 4, "tick end", html::tick(value));
  }
  for (const double value : axis_ticks(x, 7)) {
    out += text(x.place(value), chart.height - kBottom + 18, "tick middle", html::tick(value));
  }
  out += rule(kLeft, chart.height - kBottom, kWidth - kRight, chart.height - kBottom, "axis");
  out += text((kLeft + kWidth - kRight) / 2, chart.height - 6, "label middle", chart.x_label);
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

}  // namespace

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

std::string draw(const LineChart& chart) {
  Range xs, ys;
  for (const auto& line : chart.lines) {
    for (size_t i = 0; i < line.x.size(); ++i) {
      if (std::isfinite(line.y[i])) { xs.add(line.x[i]), ys.add(line.y[i]); }
    }
  }
  if (ys.empty()) { return ""; }
  const Axis x = axis_over(xs, kLeft, kWidth - kRight, false, false);
  const Axis y = axis_over(ys, chart.height - kBottom, kTop, chart.from_zero, !chart.from_zero);
  std::string content = draw_axes(chart, x, y);
  for (const auto& marker : chart.markers) {
    if (marker.x < x.low || marker.x > x.high) { continue; }
    const double place = x.place(marker.x);
    const bool at_right = place > kWidth * 0.7;
    content += rule(place, kTop, place, chart.height - kBottom, "marker");
    content += text(place, kTop - 6, at_right ? "note end" : "note", marker.label);
  }
  for (const auto& line : chart.lines) { content += draw_line(line, x, y); }
  return svg(kWidth, chart.height, chart.title, content);
}

std::string draw(const BarChart& chart) {
  constexpr double kName = 190, kRow = 34, kBar = 18, kNote = 130, kFoot = 40;
  Range range;
  for (const auto& bar : chart.bars) { range.add(bar.value), range.add(bar.high); }
  if (range.empty()) { return ""; }
  const Axis x = axis_over(range, kName, kWidth - kNote, true, false);
  const double height = kRow * static_cast<double>(chart.bars.size()) + kFoot;
  std::string content;
  for (const double value : ticks(x.low, x.high, 5)) {
    content += rule(x.place(value), 4, x.place(value), height - kFoot, "grid");
    content += text(x.place(value), height - kFoot + 16, "tick middle", html::tick(value));
  }
  for (size_t i = 0; i < chart.bars.size(); ++i) {
    const auto& bar = chart.bars[i];
    const double middle = kRow * (static_cast<double>(i) + 0.5);
    content += text(kName - 10, middle + 4, "name end", bar.label);
    double end = x.place(0);
    if (std::isfinite(bar.value)) {
      end = x.place(bar.value);
      content += rectangle(x.place(0), middle - kBar / 2, end - x.place(0), kBar, "bar " + bar.css_class,
                           bar.label + ": " + html::number(bar.value));
    }
    if (std::isfinite(bar.low) && std::isfinite(bar.high)) {
      content += rule(x.place(std::max(x.low, bar.low)), middle, x.place(bar.high), middle, "whisker");
      content += rule(x.place(bar.high), middle - 5, x.place(bar.high), middle + 5, "whisker");
      end = std::max(end, x.place(bar.high));
    }
    content += text(end + 8, middle + 4, "value", bar.note.empty() ? html::number(bar.value) : bar.note);
  }
  content += rule(x.place(0), 2, x.place(0), height - kFoot, "axis");
  content += text((kName + kWidth - kNote) / 2, height - 6, "label middle", chart.x_label);
  return svg(kWidth, height, chart.title, content);
}

std::string draw_shares(const std::string& title, const std::vector<Share>& shares) {
  double total = 0;
  for (const auto& share : shares) { total += std::isfinite(share.value) ? std::max(0.0, share.value) : 0; }
  if (!(total > 0)) { return ""; }
  std::string bars, legend;
  double x = 0;
  for (size_t i = 0; i < shares.size(); ++i) {
    const double part = std::max(0.0, shares[i].value) / total;
    if (!std::isfinite(part) || part == 0) { continue; }
    const std::string css_class = "share" + std::to_string(i % 8);
    const std::string words = shares[i].label + " " + html::percent(part);
    bars += rectangle(x, 0, std::max(0.5, part * kWidth - 1.5), 22, css_class, words);
    x += part * kWidth;
    if (part >= 0.005) { legend += "<li class=\"" + css_class + "\">" + html::escape(words) + "</li>\n"; }
  }
  return svg(kWidth, 22, title, bars) + html::element("ul", "legend", legend);
}

}  // namespace realface::stages::report::charts
