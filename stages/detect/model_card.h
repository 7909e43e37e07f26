#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "distributed/communicator.h"
#include "stages/detect/detector.h"
#include "stages/evaluate/recipe.h"

namespace realface::stages {

/// What a reader wants to know of a detector (Mitchell et al., FAT* 2019): "intended_use", "limits", "networks" and
/// "results". Of each network: parameters, licences, dataset_digest, code_version, seed, step and recipe, the stage's
/// configuration without what is of the machine it ran on. Results are results.json of the finished evaluation in
/// `run_dir`. Throws Error if that was of other weights. Collective.
nlohmann::json model_card(const Detector& detector, const EvaluateConfig& config, const std::filesystem::path& run_dir,
                          distributed::Communicator& host);

}  // namespace realface::stages
