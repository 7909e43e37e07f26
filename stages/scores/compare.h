#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "stages/scores/roc.h"
#include "stages/scores/scores_file.h"

/// Whether two detectors differ on the videos that both scored (V2).
namespace realface::stages {

/// The scores of one file.
struct NamedScores {
  std::string file;  // for messages
  Scores scores;
};

/// All videos of a set, or the fakes of one method with all reals of the set.
struct ComparedVideos {
  std::string set, method;                      // method: empty for all
  int64_t real = 0, fake = 0;                   // scored by both: these are compared
  int64_t only_a = 0, only_b = 0, neither = 0;  // left out: scored by one alone, or listed and scored by none (V5)
  AucComparison auc;                            // NaN for what cannot be said
  std::string reason;                           // why something is missing; empty: nothing is
};

struct Comparison {
  std::string a, b;                                   // the files
  std::vector<ComparedVideos> rows;                   // by set: all its videos, then its methods if it has several
  std::vector<std::string> sets_only_a, sets_only_b;  // left out
};

/// DeLong's test for paired curves in every set that both files have. Videos are paired by set, dataset and key, in
/// whatever order they come. Throws Error, naming both files, if no set is common or a common video has another label
/// or method in one than in the other.
Comparison compare_scores(const NamedScores& a, const NamedScores& b);

/// {"a", "b", "sets": {SET: {"all": {"auc_a", "auc_b", "difference", "difference_low", "difference_high", "p", "real",
/// "fake", "only_a", "only_b", "neither"}, METHOD: ...}}, "sets_only_a", "sets_only_b"}. The difference is b - a, with
/// its 95 % interval. What cannot be said is null, with a "reason".
nlohmann::json comparison_json(const Comparison& comparison);

}  // namespace realface::stages
