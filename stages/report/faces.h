#pragma once

#include <string>

#include "stages/reconstruct/result.h"

/// Faces of the report. Internal to it.
namespace realface::stages::report::html {

/// "fake/Deepfakes" as people say it.
std::string spoken(const std::string& class_name);

/// The faces of a class, a figure each with all of its views; "" without any.
std::string faces_of(const Reconstruction& result, const std::string& class_name);

/// Is there a face with a predicted mask?
bool shows_masks(const Reconstruction& result);

}  // namespace realface::stages::report::html
