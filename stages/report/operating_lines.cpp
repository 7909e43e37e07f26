#include "stages/report/operating_lines.h"

#include <ATen/ops/special_ndtri.h>
#include <ATen/ops/tensor.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>

#include "stages/report/html.h"
#include "stages/scores/roc.h"

namespace realface::stages::report::html {
namespace {

constexpr double kUnseen = 1e-3;                           // of an axis: a third of a pixel
constexpr double kRarest = 1e-4;                           // lower rates are drawn as this one by a DET curve
constexpr double kSquareWidth = 420, kSquareHeight = 408;  // as high as wide, within the axes

std::vector<RocPoint> curve_of(const TestedSet& set) {
  std::vector<Scored> scores;
  for (const auto* video : set.videos) { scores.push_back({video->p_fake, 0, video->label == 1}); }
  return roc_curve(scores);
}

/// The line without points that nobody could tell apart on axes of length `span`; its ends stay.
charts::Line thinned(const charts::Line& line, double span) {
  charts::Line few{{}, {}, line.css_class};
  for (size_t i = 0; i < line.x.size(); ++i) {
    const bool seen = i == 0 || i + 1 == line.x.size() || std::abs(line.x[i] - few.x.back()) > kUnseen * span ||
                      std::abs(line.y[i] - few.y.back()) > kUnseen * span;
    if (seen) { few.x.push_back(line.x[i]), few.y.push_back(line.y[i]); }
  }
  return few;
}

charts::LineChart square(const std::string& title, const std::string& x_label, const std::string& y_label) {
  charts::LineChart chart;
  chart.title = title, chart.x_label = x_label, chart.y_label = y_label;
  chart.width = kSquareWidth, chart.height = kSquareHeight;
  return chart;
}

/// The quantiles of the standard normal distribution.
std::vector<double> deviates(const std::vector<double>& rates) {
  const auto values = at::special_ndtri(at::tensor(rates, torch::kFloat64));
  return {values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.numel()};
}

/// Rates in percent where their deviates are, from one that is not above `lowest` to one as far from 100 %.
std::vector<charts::Tick> deviate_ticks(double lowest) {
  std::vector<double> rates{kRarest};
  for (const double rate : {1e-3, 0.01, 0.05, 0.2, 0.5}) {
    if (rate <= std::min(lowest, 0.2)) { rates.clear(); }
    rates.push_back(rate);
  }
  for (size_t i = rates.size() - 1; i-- > 0;) { rates.push_back(1 - rates[i]); }
  const auto places = deviates(rates);
  std::vector<charts::Tick> marks;
  for (size_t i = 0; i < rates.size(); ++i) { marks.push_back({places[i], tick(100 * rates[i], 4)}); }
  return marks;
}

/// Half a video: where a rate of zero is drawn, whose deviate is infinite.
double half_of_one(const TestedSet& set, int label) {
  const auto videos = std::ranges::count(set.videos, label, &VideoScore::label);
  return std::max(kRarest, 0.5 / static_cast<double>(std::max<int64_t>(1, videos)));
}

}  // namespace

double lowest_rate(const TestedSet& set) { return std::min(half_of_one(set, 0), half_of_one(set, 1)); }

charts::LineChart roc_axes(const std::string& title) {
  auto chart = square(title, "real videos taken for fake (FPR)", "fake videos found (TPR)");
  chart.lines = {{{0, 1}, {0, 1}, "faint"}};
  chart.from_zero = chart.legend_below = true;
  return chart;
}

charts::LineChart det_axes(const std::string& title, double lowest) {
  auto chart = square(title, "real videos taken for fake (FPR), %", "fake videos missed (FNR), %");
  chart.x_ticks = chart.y_ticks = deviate_ticks(lowest);
  const double low = chart.x_ticks.front().value, high = chart.x_ticks.back().value;
  chart.lines = {{{low, high}, {high, low}, "faint"}, {{low, high}, {low, high}, "even"}};
  return chart;
}

charts::Line roc_line(const TestedSet& set) {
  charts::Line line{{}, {}, "strong"};
  for (const auto& point : curve_of(set)) { line.x.push_back(point.fpr), line.y.push_back(point.tpr); }
  return thinned(line, 1);
}

charts::Line det_line(const TestedSet& set) {
  const double real = half_of_one(set, 0), fake = half_of_one(set, 1);
  std::vector<double> false_positive, false_negative;
  for (const auto& point : curve_of(set)) {
    false_positive.push_back(std::clamp(point.fpr, real, 1 - real));
    false_negative.push_back(std::clamp(1 - point.tpr, fake, 1 - fake));
  }
  const charts::Line line{deviates(false_positive), deviates(false_negative), "strong"};
  return thinned(line, line.y.empty() ? 1 : line.y.front() - line.y.back());
}

}  // namespace realface::stages::report::html
