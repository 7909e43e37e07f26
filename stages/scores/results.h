#pragma once

#include <nlohmann/json.hpp>

#include "stages/scores/scores_file.h"

namespace realface::stages {

/// {"sets": {SET: {"video": {"all": {"auc", "auc_low", "auc_high", "eer", "eer_nearest", "ap", "acc", "real", "fake"},
/// METHOD: ...}}}}: METHOD is its fakes with all reals of the set. What cannot be said is null, with a "reason". Videos
/// without a score are left out and counted by set as {"without_face": {"real", "fake"}} (V5).
nlohmann::json results_of(const Scores& scores);

}  // namespace realface::stages
