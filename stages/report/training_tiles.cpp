#include <algorithm>
#include <cmath>

#include "stages/report/html.h"
#include "stages/report/sections.h"
#include "stages/scores/missing.h"

namespace realface::stages::report::html {
namespace {

double median(std::vector<double> values) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  if (values.empty()) { return kNaN; }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::vector<double> values_of(const std::vector<CurvePoint>& curve, double CurvePoint::*field, size_t from = 0) {
  std::vector<double> values;
  for (size_t i = from; i < curve.size(); ++i) { values.push_back(curve[i].*field); }
  return values;
}

/// What metrics.jsonl says of the whole training; NaN where it does not.
struct TrainingFigures {
  double last_loss = 0;          // median of the last 5 % of the lines
  double images_per_second = 0;  // median
  double data_wait_share = 0;    // of the main thread's time
};

TrainingFigures training_figures(const RunPart& part) {
  const size_t tail = std::max<size_t>(1, part.curve.size() / 20);
  const auto phases = phase_seconds(part.curve);
  double total = 0;
  for (const auto& [name, seconds] : phases) { total += seconds; }
  const auto waited = phases.find("data_wait");
  return {median(values_of(part.curve, &CurvePoint::loss, part.curve.size() - std::min(tail, part.curve.size()))),
          median(values_of(part.curve, &CurvePoint::images_per_second)),
          waited != phases.end() && total > 0 ? waited->second / total : kNaN};
}

}  // namespace

std::string training_tiles(const RunPart& part) {
  const auto figures = training_figures(part);
  const bool pretrained = part.kind.empty() || part.kind == "pretrain";
  std::string tiles = tile(number(figures.last_loss), "training loss at the end",
                           pretrained ? "mean squared error of a hidden patch" : "what the stage minimises");
  tiles += tile(number(figures.images_per_second), "faces a second", "median over the training, all ranks together");
  tiles +=
      tile(percent(figures.data_wait_share), "of the time waiting for data", "of the main thread of the first rank");
  if (!part.curve.empty()) {
    tiles += tile(count(part.curve.back().step), "updates",
                  part.resumed_at.empty()
                      ? "in one go"
                      : "continued from a checkpoint " + count(static_cast<int64_t>(part.resumed_at.size())) + " x");
  }
  return tiles;
}

}  // namespace realface::stages::report::html
