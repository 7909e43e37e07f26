#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "stages/report/page.h"
#include "stages/scores/missing.h"

namespace realface::stages::report {
namespace {

std::map<std::string, double> numbers_at(const nlohmann::json& line, const char* key) {
  std::map<std::string, double> numbers;
  const auto found = line.find(key);
  if (found == line.end() || !found->is_object()) { return numbers; }
  for (const auto& [name, value] : found->items()) {
    if (value.is_number()) { numbers[name] = value.get<double>(); }
  }
  return numbers;
}

CurvePoint point_of(const nlohmann::json& line) {
  CurvePoint point;
  point.step = line.at("step").get<int64_t>();
  point.loss = number_at(line, "loss");
  point.learning_rate = number_at(line, "learning_rate");
  point.grad_norm = number_at(line, "grad_norm");
  point.images_per_second = number_at(line, "images_per_second");
  point.samples = number_at(line, "samples");
  point.seconds = number_at(line, "seconds");
  point.time = number_at(line, "time");
  if (const double from = number_at(line, "resumed_from"); from >= 0) { point.resumed_from = std::llround(from); }
  point.phases = numbers_at(line, "phases");
  point.values = numbers_at(line, "values");
  return point;
}

}  // namespace

std::vector<CurvePoint> parse_metrics(const std::string& text) {
  std::vector<CurvePoint> curve;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_object() && json.contains("step") && json["step"].is_number_integer()) {
      curve.push_back(point_of(json));
    }
  }
  return curve;
}

std::map<std::string, double> phase_seconds(const std::vector<CurvePoint>& curve) {
  std::map<std::string, double> phases;
  for (const auto& point : curve) {
    for (const auto& [name, seconds] : point.phases) {
      if (std::isfinite(seconds)) { phases[name] += seconds; }
    }
  }
  return phases;
}

bool RunPart::trained() const {
  return std::ranges::any_of(curve, [](const CurvePoint& point) {
    return (std::isfinite(point.loss) && point.loss != 0) || point.learning_rate > 0;
  });
}

}  // namespace realface::stages::report
