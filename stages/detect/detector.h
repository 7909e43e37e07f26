#pragma once

#include <torch/types.h>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/set.h"
#include "stages/detect/calibration.h"
#include "stages/evaluate/branches.h"

namespace realface::stages {

/// Trained networks that score faces together, and what is known of them. Main thread.
struct Detector {
  models::Set networks;
  std::vector<Branch> branches;  // of the networks
  torch::Device device;          // of the networks
  nlohmann::json crops;          // how its faces were cut out (data::Manifest::crops); empty: not known
  nlohmann::json card;           // for readers: what it was trained on, how, and what it reached (model_card)
  Calibration calibration;
  /// Faces of its self-test, u8 [T, H, W, 3], and what it said of them where it was exported, f64 [T, branches];
  /// undefined: it has none yet.
  torch::Tensor test_faces = {}, test_scores = {};

  std::vector<std::string> names() const {  // of the branches
    std::vector<std::string> all;
    for (const auto& branch : branches) { all.push_back(branch.name); }
    return all;
  }
};

}  // namespace realface::stages
