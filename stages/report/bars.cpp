#include <algorithm>
#include <cmath>

#include "stages/report/charts.h"
#include "stages/report/html.h"
#include "stages/report/svg.h"

namespace realface::stages::report::charts {

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
  return picture(kWidth, height, chart.title, content);
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
  return picture(kWidth, 22, title, bars) + html::element("ul", "legend", legend);
}

}  // namespace realface::stages::report::charts
