#include <algorithm>
#include <cmath>
#include <functional>

#include "stages/reconstruct/statistics.h"
#include "stages/report/charts.h"
#include "stages/report/html.h"
#include "stages/report/sections.h"

namespace realface::stages::report::html {
namespace {

constexpr size_t kPoints = 500;  // more would not be seen

using Field = std::function<double(const CurvePoint&)>;

double median(std::vector<double> values) {
  std::erase_if(values, [](double value) { return !std::isfinite(value); });
  if (values.empty()) { return kNaN; }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::vector<double> values_of(const std::vector<CurvePoint>& curve, const Field& field, size_t from = 0) {
  std::vector<double> values;
  for (size_t i = from; i < curve.size(); ++i) { values.push_back(field(curve[i])); }
  return values;
}

/// Means of as many neighbouring points as leave at most kPoints; not finite where one of them is not.
charts::Line line_of(const std::vector<CurvePoint>& curve, const Field& field, const std::string& css_class) {
  charts::Line line{{}, {}, css_class};
  const size_t stride = (curve.size() + kPoints - 1) / kPoints;
  for (size_t i = 0; i < curve.size(); i += stride) {
    double sum = 0, step = 0;
    const size_t end = std::min(i + stride, curve.size());
    for (size_t j = i; j < end; ++j) { sum += field(curve[j]), step += static_cast<double>(curve[j].step); }
    line.x.push_back(step / static_cast<double>(end - i));
    line.y.push_back(sum / static_cast<double>(end - i));
  }
  return line;
}

/// The line drawn over the noise: means over a window of a twentieth of the points; passes over what is not finite.
charts::Line smoothed(const charts::Line& line) {
  charts::Line smooth{line.x, {}, "strong"};
  const auto count = static_cast<int64_t>(line.y.size()), reach = std::max<int64_t>(1, count / 40);
  for (int64_t i = 0; i < count; ++i) {
    double sum = 0, points = 0;
    // The window shrinks at both ends, so that it stays centred.
    const int64_t half = std::min({reach, i, count - 1 - i});
    for (int64_t j = i - half; j <= i + half; ++j) {
      if (const double y = line.y[static_cast<size_t>(j)]; std::isfinite(y)) { sum += y, ++points; }
    }
    smooth.y.push_back(points > 0 ? sum / points : kNaN);
  }
  return smooth;
}

std::vector<charts::Marker> resume_markers(const ReportInput& input) {
  std::vector<charts::Marker> markers;
  for (const int64_t step : input.resumed_at) {
    markers.push_back({static_cast<double>(step), "continued from step " + count(step)});
  }
  return markers;
}

std::string chart_of(const ReportInput& input, const std::vector<CurvePoint>& curve, const Field& field,
                     const std::string& what, double height, bool from_zero) {
  const auto raw = line_of(curve, field, "faint");
  charts::LineChart chart{what + " over updates", "update",  what,  {raw, smoothed(raw)},
                          resume_markers(input),  from_zero, height};
  return charts::draw(chart);
}

/// One chart for each value that the stage named. An evaluation's stands in few lines of the metrics, so lines without
/// it are left out.
std::string named_values(const ReportInput& input) {
  std::map<std::string, std::vector<CurvePoint>> curves;
  for (const auto& point : input.curve) {
    for (const auto& [name, value] : point.values) { curves[name].push_back(point); }
  }
  std::string drawn;
  for (const auto& [name, curve] : curves) {
    const auto value = [&name](const CurvePoint& point) { return point.values.at(name); };
    drawn += chart_of(input, curve, value, name, 180, false);
  }
  return drawn.empty() ? "" : "<h3>What the stage measures besides</h3>\n" + drawn;
}

std::string missing_figures(const ReportInput& input) {
  const auto broken = std::count_if(input.curve.begin(), input.curve.end(),
                                    [](const CurvePoint& point) { return !std::isfinite(point.loss); });
  if (broken == 0) { return ""; }
  return element("p", "warning",
                 count(broken) + " of " + count(static_cast<int64_t>(input.curve.size())) +
                     " logged losses were not finite or not written: the line is broken there.");
}

std::map<std::string, double> phase_seconds(const ReportInput& input) {
  std::map<std::string, double> phases;
  for (const auto& point : input.curve) {
    for (const auto& [name, seconds] : point.phases) {
      if (std::isfinite(seconds)) { phases[name] += seconds; }
    }
  }
  return phases;
}

std::string where_time_went(const ReportInput& input) {
  static const std::vector<std::pair<const char*, const char*>> kWords = {
      {"data_wait", "waiting for data"},
      {"h2d", "copies to the device"},
      {"forward", "forward"},
      {"backward", "backward"},
      {"allreduce_exposed", "waiting for other ranks"},
      {"optimizer", "optimizer"},
      {"checkpoint_stall", "checkpoints"},
      {"eval", "evaluation"}};
  const auto phases = phase_seconds(input);
  std::vector<charts::Share> shares;
  for (const auto& [name, words] : kWords) {
    const auto found = phases.find(name);
    shares.push_back({words, found == phases.end() ? 0 : found->second});
  }
  const auto bar = charts::draw_shares("Shares of the main thread's time", shares);
  return "<h3>Where the time went</h3>\n" +
         (bar.empty() ? element("p", "missing", "The metrics hold no times by phase.") : bar);
}

std::string resumes(const ReportInput& input) {
  if (input.resumed_at.empty()) { return ""; }
  std::string list;
  for (const int64_t step : input.resumed_at) { list += (list.empty() ? "" : ", ") + count(step); }
  return paragraph("The run was stopped and continued from a checkpoint, after update " + list +
                   ": the dashed line marks it. A continued run does the same updates as one that was never stopped.");
}

}  // namespace

TrainingFigures training_figures(const ReportInput& input) {
  const size_t tail = std::max<size_t>(1, input.curve.size() / 20);
  const auto phases = phase_seconds(input);
  double total = 0;
  for (const auto& [name, seconds] : phases) { total += seconds; }
  const auto waited = phases.find("data_wait");
  return {median(values_of(input.curve, &CurvePoint::loss, input.curve.size() - std::min(tail, input.curve.size()))),
          median(values_of(input.curve, &CurvePoint::images_per_second)),
          waited != phases.end() && total > 0 ? waited->second / total : kNaN};
}

std::string training(const ReportInput& input) {
  const std::string heading = "How the training went";
  if (input.curve.empty()) {
    return section(
        "training", heading,
        element("p", "missing", "There is no <code>metrics.jsonl</code> with figures of a training in this run."));
  }
  std::string content = paragraph(
      "The loss is what the stage minimises, a mean over each update; in pretraining, the squared error over hidden patches in normalised pixel values. The strong line is its running mean.");
  const auto loss = chart_of(input, input.curve, &CurvePoint::loss, "loss", 300, false);
  content += loss.empty() ? element("p", "missing", "Not one loss was a finite number.") : loss;
  content += missing_figures(input) + resumes(input) + named_values(input);
  const auto rate = chart_of(input, input.curve, &CurvePoint::images_per_second, "faces a second", 200, true);
  if (!rate.empty()) { content += "<h3>Throughput</h3>\n" + rate; }
  content += where_time_went(input);
  const auto learning_rate = chart_of(input, input.curve, &CurvePoint::learning_rate, "learning rate", 180, true);
  const auto norm = chart_of(input, input.curve, &CurvePoint::grad_norm, "gradient norm", 180, false);
  if (!(learning_rate + norm).empty()) {
    content += "<details><summary>Learning rate and gradient norm</summary>\n" + learning_rate + norm + "</details>\n";
  }
  return section("training", heading, content);
}

}  // namespace realface::stages::report::html
