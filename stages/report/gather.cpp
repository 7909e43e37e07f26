#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "stages/report/page.h"
#include "stages/report/run_part.h"

namespace realface::stages::report {
namespace {

/// With what `realface reconstruct` noted about the network that it used, and how.
void add_reconstruction(const std::filesystem::path& run_dir, RunPart& part, ReportInput& input) {
  if (input.reconstruction || !std::filesystem::exists(run_dir / kReconstructionFile)) { return; }
  input.reconstruction = load_reconstruction(run_dir);
  for (const auto& [key, value] : input.reconstruction->provenance.items()) {
    std::string label = "restored with: " + key;
    std::replace(label.begin(), label.end(), '_', ' ');
    part.provenance.emplace_back(std::move(label), value.is_string() ? value.get<std::string>() : value.dump());
  }
}

bool is_system(const std::filesystem::path& run_dir) {
  return std::filesystem::is_directory(run_dir) && !std::filesystem::exists(run_dir / "metrics.jsonl") &&
         !std::filesystem::exists(run_dir / "checkpoints");
}

/// Those that have logged nothing yet come last.
double began(const RunPart& part) {
  const double time = part.curve.empty() ? kNaN : part.curve.front().time;
  return std::isfinite(time) ? time : std::numeric_limits<double>::infinity();
}

/// In the order in which they ran; none for the folder of a single run.
std::vector<RunPart> entries_of(const std::filesystem::path& run_dir) {
  std::vector<RunPart> entries;
  if (!is_system(run_dir)) { return entries; }
  for (const auto& folder : std::filesystem::directory_iterator(run_dir)) {
    if (std::filesystem::exists(folder.path() / "config.yaml")) { entries.push_back(read_part(folder.path())); }
  }
  std::ranges::sort(entries, {}, [](const RunPart& part) { return std::pair(began(part), part.name); });
  return entries;
}

bool tells_nothing(const ReportInput& input) {
  const auto& part = input.parts.front();
  return part.curve.empty() && part.provenance.empty() && !part.scores && part.results.is_null() &&
         !input.reconstruction;
}

}  // namespace

ReportInput gather(const std::filesystem::path& run_dir) {
  ReportInput input;
  input.run = folder_name(run_dir);
  input.parts = entries_of(run_dir);
  if (!input.parts.empty()) {
    for (auto& part : input.parts) { add_reconstruction(run_dir / part.name, part, input); }
    return input;
  }
  input.parts.push_back(read_part(run_dir));
  add_reconstruction(run_dir, input.parts.front(), input);
  if (tells_nothing(input)) {
    throw DataError(
        "[" + run_dir.string() +
        "] holds no metrics.jsonl, no checkpoint, no reconstruction.json, no scores and no entries of a system; expected the run.dir of a run or a system; name that folder");
  }
  return input;
}

}  // namespace realface::stages::report
