#include <algorithm>
#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "checkpoints/format/folder.h"
#include "checkpoints/format/manifest.h"
#include "stages/reconstruct/statistics.h"
#include "stages/report/html.h"
#include "stages/report/page.h"

namespace realface::stages::report {
namespace {

double number_at(const nlohmann::json& line, const char* key) {
  const auto found = line.find(key);
  return found != line.end() && found->is_number() ? found->get<double>() : kNaN;
}

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
  point.time = number_at(line, "time");
  if (const double from = number_at(line, "resumed_from"); from >= 0) { point.resumed_from = std::llround(from); }
  point.phases = numbers_at(line, "phases");
  point.values = numbers_at(line, "values");
  return point;
}

std::string utc(double seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text.data();
}

/// The time from the first to the last line, pauses included.
std::string duration(const std::vector<CurvePoint>& curve) {
  if (curve.size() < 2) { return ""; }
  const double span = curve.back().time - curve.front().time;
  return std::isfinite(span) ? html::seconds(span) : "";
}

std::string text_of(const nlohmann::json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

void add_checkpoint(const checkpoints::Manifest& manifest, ReportInput& input) {
  auto& rows = input.provenance;
  rows.emplace_back("code", manifest.provenance.code_version);
  rows.emplace_back("seed", std::to_string(manifest.provenance.seed));
  rows.emplace_back("dataset digest", manifest.provenance.dataset_digest);
  rows.emplace_back("last checkpoint", "update " + html::count(manifest.step) + ", written " + utc(manifest.saved_at) +
                                           " by " + std::to_string(manifest.world_size) +
                                           (manifest.world_size == 1 ? " rank" : " ranks"));
  input.configuration = manifest.provenance.config.dump(2);
}

/// What `realface reconstruct` noted about the network that it used, and how.
void add_reconstruction(const Reconstruction& reconstruction, ReportInput& input) {
  for (const auto& [key, value] : reconstruction.provenance.items()) {
    std::string label = "restored with: " + key;
    std::replace(label.begin(), label.end(), '_', ' ');
    input.provenance.emplace_back(std::move(label), text_of(value));
  }
}

void add_newest_checkpoint(const std::filesystem::path& run_dir, ReportInput& input) {
  const checkpoints::Folder folder(run_dir);
  for (const int64_t step : folder.steps()) {
    try {
      add_checkpoint(checkpoints::read_manifest(folder.step(step)), input);
      return;
    } catch (const Error&) {
      // A damaged checkpoint tells nothing; an older one may.
    }
  }
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

ReportInput gather(const std::filesystem::path& run_dir) {
  ReportInput input;
  const auto absolute = std::filesystem::absolute(run_dir).lexically_normal();
  input.run = absolute.has_filename() ? absolute.filename() : absolute.parent_path().filename();
  if (std::filesystem::exists(run_dir / "metrics.jsonl")) {
    input.curve = parse_metrics(read_file(run_dir / "metrics.jsonl"));
  }
  for (const auto& point : input.curve) {
    if (point.resumed_from >= 0) { input.resumed_at.push_back(point.resumed_from); }
  }
  if (std::filesystem::exists(run_dir / kReconstructionFile)) { input.reconstruction = load_reconstruction(run_dir); }
  add_newest_checkpoint(run_dir, input);
  if (input.curve.empty() && !input.reconstruction && input.provenance.empty()) {
    throw DataError(
        "[" + run_dir.string() +
        "] holds no metrics.jsonl, no checkpoint and no reconstruction.json; expected the run.dir of a training; name that folder");
  }
  if (!input.curve.empty() && std::isfinite(input.curve.front().time)) {
    input.provenance.emplace_back("trained",
                                  "from " + utc(input.curve.front().time) + ", for " + duration(input.curve));
  }
  if (input.reconstruction) { add_reconstruction(*input.reconstruction, input); }
  return input;
}

}  // namespace realface::stages::report
