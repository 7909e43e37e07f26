#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stages/reconstruct/result.h"
#include "stages/reconstruct/statistics.h"

namespace realface::stages::report {

/// One line of metrics.jsonl; NaN for what it does not say.
struct CurvePoint {
  int64_t step = 0;
  double loss = kNaN;
  double learning_rate = loss, grad_norm = loss, images_per_second = loss;
  int64_t resumed_from = -1;             // the checkpoint that the run was continued from just before; -1: none
  double time = loss;                    // seconds since the epoch
  std::map<std::string, double> phases;  // seconds of the main thread since the line before
  std::map<std::string, double> values;  // what the stage names besides: shares of its loss, results of an evaluation
};

/// All that a report says. Every part may be missing: the page then says so in words.
struct ReportInput {
  std::string run;  // the run folder's name
  std::vector<CurvePoint> curve;
  std::vector<int64_t> resumed_at;  // steps after which the run was continued from a checkpoint
  std::optional<Reconstruction> reconstruction;
  std::vector<std::pair<std::string, std::string>> provenance;  // what made it: label and value, in order
  std::string configuration;                                    // the resolved configuration as text
};

/// One page that holds everything it shows: style, charts and pictures are inside, nothing is fetched from anywhere.
/// Well-formed as XML, so that it can be checked; a function of its input alone.
std::string render(const ReportInput& input);

/// Reads what there is of a run: RUN/metrics.jsonl, RUN/reconstruction.json, the newest checkpoint's manifest. Throws
/// DataError for a folder that holds none of these.
ReportInput gather(const std::filesystem::path& run_dir);

/// Cuts metrics.jsonl into points; lines that are not JSON (the last one of a run that was killed) are passed by.
std::vector<CurvePoint> parse_metrics(const std::string& text);

}  // namespace realface::stages::report
