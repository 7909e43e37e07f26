#include "stages/report/run_part.h"

#include <array>
#include <cmath>
#include <ctime>
#include <sstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "checkpoints/format/folder.h"
#include "checkpoints/format/manifest.h"
#include "stages/report/html.h"
#include "stages/scores/scores_file.h"

namespace realface::stages::report {
namespace {

namespace fs = std::filesystem;

/// Of `stage: KIND` in config.yaml, which realface itself has written.
std::string kind_of(const fs::path& run_dir) {
  const std::string key = "stage: ";
  if (!fs::exists(run_dir / "config.yaml")) { return ""; }
  std::istringstream lines(read_file(run_dir / "config.yaml"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(key)) { return line.substr(key.size()); }
  }
  return "";
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
  const double span = curve.back().time - curve.front().time;
  return curve.size() > 1 && std::isfinite(span) ? ", for " + html::seconds(span) : "";
}

void add_checkpoint(const checkpoints::Manifest& manifest, RunPart& part) {
  auto& rows = part.provenance;
  rows.emplace_back("code", manifest.provenance.code_version);
  rows.emplace_back("seed", std::to_string(manifest.provenance.seed));
  rows.emplace_back("dataset digest", manifest.provenance.dataset_digest);
  rows.emplace_back("last checkpoint", "update " + html::count(manifest.step) + ", written " + utc(manifest.saved_at) +
                                           " by " + std::to_string(manifest.world_size) +
                                           (manifest.world_size == 1 ? " rank" : " ranks"));
  part.configuration = manifest.provenance.config.dump(2);
}

void add_newest_checkpoint(const fs::path& run_dir, RunPart& part) {
  const checkpoints::Folder folder(run_dir);
  for (const int64_t step : folder.steps()) {
    try {
      add_checkpoint(checkpoints::read_manifest(folder.step(step)), part);
      return;
    } catch (const Error&) {
      // A damaged checkpoint tells nothing; an older one may.
    }
  }
}

void add_evaluation(const fs::path& run_dir, RunPart& part) {
  if (fs::exists(run_dir / kScoresFile)) { part.scores = read_scores(run_dir / kScoresFile); }
  const auto path = run_dir / kResultsFile;
  if (!fs::exists(path)) { return; }
  part.results = nlohmann::json::parse(read_file(path), nullptr, /*allow_exceptions=*/false);
  if (!part.results.is_object()) {
    throw DataError(subject_of(path) + " is not what `stage: evaluate` writes; delete it and evaluate again");
  }
}

}  // namespace

std::string folder_name(const std::filesystem::path& folder) {
  const auto absolute = std::filesystem::absolute(folder).lexically_normal();
  return absolute.has_filename() ? absolute.filename() : absolute.parent_path().filename();
}

RunPart read_part(const std::filesystem::path& run_dir) {
  RunPart part;
  part.name = folder_name(run_dir);
  part.kind = kind_of(run_dir);
  part.finished = fs::exists(run_dir / "finished.json");
  if (fs::exists(run_dir / "metrics.jsonl")) { part.curve = parse_metrics(read_file(run_dir / "metrics.jsonl")); }
  for (const auto& point : part.curve) {
    if (point.resumed_from >= 0) { part.resumed_at.push_back(point.resumed_from); }
  }
  add_newest_checkpoint(run_dir, part);
  add_evaluation(run_dir, part);
  if (!part.curve.empty() && std::isfinite(part.curve.front().time)) {
    part.provenance.emplace_back(part.trained() ? "trained" : "ran",
                                 "from " + utc(part.curve.front().time) + duration(part.curve));
  }
  return part;
}

}  // namespace realface::stages::report
