#pragma once

#include <string>

#include "data/faces/masks.h"
#include "models/mae/config.h"
#include "stages/recipe.h"

namespace realface::stages {

/// What a run's recipe says that the restoring of faces needs to know.
struct Restorable {
  models::MaeConfig model;
  data::MaskConfig mask;
  std::string pixels;
};

/// Throws ConfigError for a stage without a masked autoencoder that restores single faces.
Restorable restorable(const Recipe& recipe);

}  // namespace realface::stages
