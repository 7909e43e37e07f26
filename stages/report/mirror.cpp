#include <cmath>

#include "stages/report/charts.h"
#include "stages/report/html.h"
#include "stages/report/svg.h"

namespace realface::stages::report::charts {
namespace {

constexpr double kMirrorHeight = 300, kMirrorBottom = 62;

/// Bars of one side, from the axis to their share.
std::string mirror_bars(const std::vector<double>& shares, const Axis& x, const Axis& y, const std::string& css_class,
                        const std::string& label) {
  const bool above = y.to < y.from;
  std::string bars;
  for (size_t i = 0; i < shares.size(); ++i) {
    if (!(shares[i] > 0)) { continue; }
    const double begin = static_cast<double>(i) / static_cast<double>(shares.size());
    const double end = static_cast<double>(i + 1) / static_cast<double>(shares.size());
    const double height = std::abs(y.place(shares[i]) - y.from);
    bars += rectangle(x.place(begin) + 0.5, above ? y.from - height : y.from, x.place(end) - x.place(begin) - 1, height,
                      "bar " + css_class,
                      html::tick(begin) + " to " + html::tick(end) + ": " + html::percent(shares[i]) + " of " + label);
  }
  return bars;
}

std::string mirror_grid(const Axis& y) {
  std::string lines;
  for (const double share : ticks(y.low, y.high, 3)) {
    if (share == 0) { continue; }  // the axis between both sides
    lines += rule(kLeft, y.place(share), kWidth - kRight, y.place(share), "grid");
    lines += text(kLeft - 8, y.place(share) + 4, "tick end", html::tick(100 * share) + " %");
  }
  return lines;
}

}  // namespace

std::string draw(const MirrorChart& chart) {
  Range range;
  for (const double share : chart.above) { range.add(share); }
  for (const double share : chart.below) { range.add(share); }
  if (range.empty() || !(range.high > 0)) { return ""; }
  const double bottom = kMirrorHeight - kMirrorBottom, middle = (kTop + bottom) / 2;
  const Axis x{0, 1, kLeft, kWidth - kRight};
  const Axis up{0, range.high, middle, kTop}, down{0, range.high, middle, bottom};
  std::string content = mirror_grid(up) + mirror_grid(down);
  for (const double value : ticks(0, 1, 10)) {
    content += text(x.place(value), bottom + 18, "tick middle", html::tick(value));
  }
  content += mirror_bars(chart.above, x, up, "real", chart.above_label);
  content += mirror_bars(chart.below, x, down, "fake", chart.below_label);
  content += rule(kLeft, middle, kWidth - kRight, middle, "axis");
  content += text(kLeft, 14, "name real", chart.above_label + " (upwards)");
  content += text(kLeft, kMirrorHeight - 6, "name fake", chart.below_label + " (downwards)");
  content += text((kLeft + kWidth - kRight) / 2, kMirrorHeight - 24, "label middle", chart.x_label);
  return picture(kWidth, kMirrorHeight, chart.title, content);
}

}  // namespace realface::stages::report::charts
