#pragma once

#include <filesystem>
#include <string>

#include "distributed/communicator.h"
#include "models/set.h"

namespace realface::stages {

/// Where a set's weights came from.
struct LoadedWeights {
  int64_t step = 0;
  std::string dataset_digest;  // of what it was trained on
  std::string code_version;    // of the program that trained it
};

/// Copies the networks of RUN's newest sound checkpoint into the set, and nothing else of it, whatever number of ranks
/// wrote it. Rank 0 chooses the checkpoint for all, since others may see an older folder; then every rank reads and
/// verifies for itself. Collective; host group. Throws CheckpointError where there is none, or where it holds other
/// networks.
LoadedWeights load_newest_weights(const std::filesystem::path& run_dir, models::Set& set,
                                  distributed::Communicator& host);

}  // namespace realface::stages
