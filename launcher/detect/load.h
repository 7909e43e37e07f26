#pragma once

#include <string>

#include "configs/config.h"
#include "data/preprocess/people.h"
#include "distributed/world.h"
#include "stages/detect/detector.h"

/// A trained detector, ready to score faces.
namespace realface::launcher {

/// Frames of a video that are looked at together, as many as preprocess stores of one (G13): their mean features and
/// their common box are what the networks were trained on.
inline constexpr int kFramesTogether = 30;

/// The run folder of a system's evaluation, of that or of the system's.
std::string evaluation_folder(const std::string& run);
/// The configuration of such an evaluation, which says what networks score together. Throws ConfigError, and Error if
/// there is none or it chose its checkpoints (evaluate.select).
configs::Config evaluation_of(const std::string& run);

/// Of a detector file, or of such a run folder. Throws Error and ConfigError. Collective.
stages::Detector load_detector(const std::string& weights, distributed::World& world);

/// How it wants its faces. `finder`: what finds faces here (FaceModels::detector). any_crops: also if the networks were
/// trained on faces that another one found, or do not say how they were cut out. Throws ConfigError.
data::preprocess::CropPolicy crop_policy(const stages::Detector& detector, const std::string& weights,
                                         const std::string& finder, bool any_crops);

}  // namespace realface::launcher
