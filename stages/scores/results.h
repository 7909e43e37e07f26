#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "stages/scores/scores_file.h"

namespace realface::stages {

/// One score with what it belongs to.
struct LabelledScore {
  double p_fake = 0;
  int32_t cluster = 0;  // as in Scored
  bool fake = false;
  const std::string* method = nullptr;  // of a fake; not owned
};

/// Hands every score to `take`, the same ones in every call.
using VisitScores = std::function<void(const std::function<void(const LabelledScore&)>& take)>;

/// {"all": {"auc", "auc_low", "auc_high", "eer", "eer_nearest", "ap", "acc", "real", "fake"}, METHOD: {...}}, where
/// METHOD is its fakes with all reals; what cannot be said is null, with a "reason". Needs 16 bytes a score.
nlohmann::json metrics_by_method(const VisitScores& scores);

/// {"sets": {SET: {"video": metrics_by_method of its videos, "without_face": {"real": 0, "fake": 0}}}}. Videos without
/// a score are left out and counted.
nlohmann::json results_of(const Scores& scores);

/// The sets of the evaluation in this folder by which it chose checkpoints, as its results.json says; none if it cannot
/// be read.
std::vector<std::string> oracle_sets(const std::filesystem::path& folder);

}  // namespace realface::stages
