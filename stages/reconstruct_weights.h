#pragma once

#include <filesystem>
#include <string>

#include "models/set.h"

namespace realface::stages {

/// Where a set's weights came from.
struct LoadedWeights {
  int64_t step = 0;
  std::string dataset_digest;  // of what it was trained on
  std::string code_version;    // of the program that trained it
};

/// Copies the networks of RUN's newest sound checkpoint into the set, and nothing else of it, whatever number of ranks
/// wrote it. Every rank reads for itself. Throws CheckpointError where there is none, or where it holds other networks.
LoadedWeights load_newest_weights(const std::filesystem::path& run_dir, models::Set& set);

}  // namespace realface::stages
