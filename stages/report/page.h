#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stages/reconstruct/result.h"
#include "stages/scores/scores_file.h"

namespace realface::stages::report {

/// One line of metrics.jsonl; NaN for what it does not say.
struct CurvePoint {
  int64_t step = 0;
  double loss = kNaN;
  double learning_rate = loss, grad_norm = loss, images_per_second = loss;
  double samples = loss, seconds = loss;  // since the line before; of an evaluation, samples are videos
  int64_t resumed_from = -1;              // the checkpoint that the run was continued from just before; -1: none
  double time = loss;                     // seconds since the epoch
  std::map<std::string, double> phases;   // seconds of the main thread since the line before
  std::map<std::string, double> values;   // what the stage names besides: shares of its loss, results of an evaluation
};

/// What one run folder tells: a run by itself, or an entry of a system.
struct RunPart {
  std::string name;  // the folder's
  std::string kind;  // of its stage; empty: not known
  bool finished = false;
  std::vector<CurvePoint> curve;
  std::vector<int64_t> resumed_at;  // steps after which the run was continued from a checkpoint
  std::optional<Scores> scores;     // of an evaluation, as far as it has come
  nlohmann::json results;           // its metrics (stages/scores/results.h); null until it has finished
  std::vector<std::pair<std::string, std::string>> provenance;  // what made it: label and value, in order
  std::string configuration;                                    // the resolved configuration as text

  /// Did it update weights? An evaluation also has lines of metrics, without a loss.
  bool trained() const;
};

/// All that a report says. Everything may be missing: the page then says so in words.
struct ReportInput {
  std::string run;             // the folder's name
  std::vector<RunPart> parts;  // the run, or the entries of a system in the order in which they ran
  std::optional<Reconstruction> reconstruction;
};

/// One page that holds everything it shows: style, charts and pictures are inside, nothing is fetched from anywhere.
/// Well-formed as XML, so that it can be checked; a function of its input alone.
std::string render(const ReportInput& input);

/// Reads what there is of a run: metrics.jsonl, the newest checkpoint's manifest, reconstruction.json, scores.csv and
/// results.json. A folder with neither metrics nor checkpoints is a system's, whose entries are its folders with a
/// config.yaml; its reconstruction is that of the first entry with one. Throws DataError for a folder that holds
/// nothing of a run, and Error for a file that cannot be read.
ReportInput gather(const std::filesystem::path& run_dir);

/// Cuts metrics.jsonl into points; lines that are not JSON (the last one of a run that was killed) are passed by.
std::vector<CurvePoint> parse_metrics(const std::string& text);

/// Seconds of the main thread by phase, over the whole curve.
std::map<std::string, double> phase_seconds(const std::vector<CurvePoint>& curve);

}  // namespace realface::stages::report
