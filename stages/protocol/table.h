#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "stages/scores/auc_estimate.h"
#include "stages/scores/scores_file.h"

/// The table of a protocol: what detectors that were trained with several seeds reach on what they are tested on.
namespace realface::stages {

/// What one line is about.
struct Test {
  std::string cell;         // whose detectors
  std::string trained_on;   // for people
  std::string set, method;  // method: its fakes and all reals of the set; empty: all videos of the set
  bool in_mean = true;      // counts in the mean of its block
};

/// Lines that stand together; two or more that count in the mean are followed by it.
using TestBlock = std::vector<Test>;

/// What one seed's detector reaches.
struct SeedAuc {
  uint64_t seed = 0;
  double auc = kNaN, low = kNaN, high = kNaN, eer = kNaN;  // low, high: DeLong's 95 % interval
};

struct TableLine {
  std::string entry, score;        // of the detector: an entry of `stage: evaluate`, and p_fake or p_BRANCH
  Test test;                       // of a mean: what its lines have in common, the rest empty
  size_t mean_of = 0;              // lines; 0: this is no mean
  int64_t real = 0, fake = 0;      // scored videos; of a mean: 0
  std::vector<SeedAuc> seeds;      // those that are finished; of a mean: those that have all of its lines
  double auc = kNaN;               // mean over `seeds`
  double deviation = kNaN;         // standard deviation over them; NaN for fewer than two
  double low = kNaN, high = kNaN;  // 95 % interval of the mean over videos, for the detectors at hand
  double eer = kNaN, eer_deviation = kNaN;
  std::string reason;  // why there is no AUC though a seed is finished; empty otherwise
};

/// Scores of one entry by seed and cell; those that are not finished are missing.
using CellScores = std::map<std::pair<uint64_t, std::string>, Scores>;

/// The lines of every detector of an entry: p_fake, then each branch if there are several. A line has no numbers, but a
/// reason, if two seeds did not score the same videos.
std::vector<TableLine> table_lines(const std::string& entry, const std::vector<TestBlock>& blocks,
                                   const std::vector<uint64_t>& seeds, const CellScores& scores);

/// {"entry", "score", "cell", "trained_on", "set", "method", "mean_of", "real", "fake", "auc", "auc_deviation",
/// "auc_low", "auc_high", "eer", "eer_deviation", "seeds": [{"seed", "auc", "auc_low", "auc_high", "eer"}], "reason"};
/// what cannot be said is null, and so is what is empty. Of a mean: "mean_of" instead of "real" and "fake".
nlohmann::json line_json(const TableLine& line);

}  // namespace realface::stages
