#pragma once

#include <string>

#include "data/streams.h"

namespace realface::stages {

/// Refuses sets to test on, those of data.sets or else data.shards, that hold no faces of the split ("all": of any).
/// Throws DataError naming the key and the folder, also for a folder that is no dataset.
void require_faces(const data::DataConfig& config, const std::string& split);

}  // namespace realface::stages
