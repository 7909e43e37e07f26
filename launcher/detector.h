#pragma once

#include <string>
#include <vector>

#include "data/preprocess/people.h"
#include "distributed/world.h"
#include "models/set.h"
#include "stages/evaluate/branches.h"

/// A trained detector, ready to score faces.
namespace realface::launcher {

/// The networks of a run, and how it wants its faces.
struct Detector {
  models::Set networks;
  std::vector<stages::Branch> branches;
  data::preprocess::CropPolicy policy;
  torch::Device device;  // of the networks

  std::vector<std::string> names() const;  // of the branches
};

/// Of the run folder of a finished system, or of its evaluation, which says what networks score together. `finder`:
/// what finds faces here (FaceModels::detector). any_crops: also if the networks were trained on faces that another one
/// found, or do not say how they were cut out. Throws Error and ConfigError. Collective.
Detector load_detector(const std::string& run, const std::string& finder, bool any_crops, distributed::World& world);

}  // namespace realface::launcher
