#include <algorithm>
#include <cmath>
#include <functional>

#include "stages/report/charts.h"
#include "stages/report/html.h"
#include "stages/report/sections.h"
#include "stages/scores/missing.h"

namespace realface::stages::report::html {
namespace {

constexpr size_t kPoints = 500;  // more would not be seen

using Field = std::function<double(const CurvePoint&)>;

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

std::vector<charts::Marker> resume_markers(const RunPart& part) {
  std::vector<charts::Marker> markers;
  for (const int64_t step : part.resumed_at) {
    markers.push_back({static_cast<double>(step), "continued from step " + count(step)});
  }
  return markers;
}

std::string chart_of(const RunPart& part, const std::vector<CurvePoint>& curve, const Field& field,
                     const std::string& what, double height, bool from_zero) {
  const auto raw = line_of(curve, field, "faint");
  charts::LineChart chart{what + " over updates", "update",  what,  {raw, smoothed(raw)},
                          resume_markers(part),   from_zero, height};
  return charts::draw(chart);
}

/// One chart for each value that the stage named. An evaluation's stands in few lines of the metrics, so lines without
/// it are left out.
std::string named_values(const RunPart& part) {
  std::map<std::string, std::vector<CurvePoint>> curves;
  for (const auto& point : part.curve) {
    for (const auto& [name, value] : point.values) { curves[name].push_back(point); }
  }
  std::string drawn;
  for (const auto& [name, curve] : curves) {
    const auto value = [&name](const CurvePoint& point) { return point.values.at(name); };
    drawn += chart_of(part, curve, value, name, 180, false);
  }
  return drawn.empty() ? "" : "<h3>What the stage measures besides</h3>\n" + drawn;
}

std::string missing_figures(const RunPart& part) {
  const auto broken = std::count_if(part.curve.begin(), part.curve.end(),
                                    [](const CurvePoint& point) { return !std::isfinite(point.loss); });
  if (broken == 0) { return ""; }
  return element("p", "warning",
                 count(broken) + " of " + count(static_cast<int64_t>(part.curve.size())) +
                     " logged losses were not finite or not written: the line is broken there.");
}

std::string where_time_went(const RunPart& part) {
  static const std::vector<std::pair<const char*, const char*>> kWords = {
      {"data_wait", "waiting for data"},
      {"h2d", "copies to the device"},
      {"forward", "forward"},
      {"backward", "backward"},
      {"allreduce_exposed", "waiting for other ranks"},
      {"optimizer", "optimizer"},
      {"checkpoint_stall", "checkpoints"},
      {"eval", "evaluation"}};
  const auto phases = phase_seconds(part.curve);
  std::vector<charts::Share> shares;
  for (const auto& [name, words] : kWords) {
    const auto found = phases.find(name);
    shares.push_back({words, found == phases.end() ? 0 : found->second});
  }
  const auto bar = charts::draw_shares("Shares of the main thread's time", shares);
  return "<h3>Where the time went</h3>\n" + (bar.empty() ? missing("The metrics hold no times by phase.") : bar);
}

std::string resumes(const RunPart& part) {
  if (part.resumed_at.empty()) { return ""; }
  std::string list;
  for (const int64_t step : part.resumed_at) { list += (list.empty() ? "" : ", ") + count(step); }
  return paragraph("The run was stopped and continued from a checkpoint, after update " + list +
                   ": the dashed line marks it. A continued run does the same updates as one that was never stopped.");
}

std::string training_of(const RunPart& part) {
  std::string content = paragraph(
      "The loss is what the stage minimises, a mean over each update; in pretraining, the squared error over hidden patches in normalised pixel values. The strong line is its running mean.");
  const auto loss = chart_of(part, part.curve, &CurvePoint::loss, "loss", 300, false);
  content += loss.empty() ? missing("Not one loss was a finite number.") : loss;
  content += missing_figures(part) + resumes(part) + named_values(part);
  const auto rate = chart_of(part, part.curve, &CurvePoint::images_per_second, "faces a second", 200, true);
  if (!rate.empty()) { content += "<h3>Throughput</h3>\n" + rate; }
  content += where_time_went(part);
  const auto learning_rate = chart_of(part, part.curve, &CurvePoint::learning_rate, "learning rate", 180, true);
  const auto norm = chart_of(part, part.curve, &CurvePoint::grad_norm, "gradient norm", 180, false);
  if (!(learning_rate + norm).empty()) {
    content += "<details><summary>Learning rate and gradient norm</summary>\n" + learning_rate + norm + "</details>\n";
  }
  return content;
}

}  // namespace

std::string training(const ReportInput& input) {
  const std::string heading = "How the training went";
  std::string sections;
  for (size_t i = 0; i < input.parts.size(); ++i) {
    const auto& part = input.parts[i];
    if (!part.trained()) { continue; }
    sections += is_system(input) ? section("training-" + std::to_string(i + 1), heading + ": " + entry_title(part),
                                           element("ul", "tiles", training_tiles(part)) + training_of(part))
                                 : section("training", heading, training_of(part));
  }
  if (!sections.empty() || detected(input)) { return sections; }
  return section("training", heading,
                 missing("There is no <code>metrics.jsonl</code> with figures of a training in this run."));
}

}  // namespace realface::stages::report::html
