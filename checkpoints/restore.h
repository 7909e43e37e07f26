#pragma once

#include <filesystem>
#include <vector>

#include "checkpoints/format/layout.h"
#include "checkpoints/format/manifest.h"

namespace realface::checkpoints {

/// Copies the saved data into the live tensors, whatever number of ranks saved it: each rank takes the whole of
/// replicated tensors and its own rows of sharded ones. Names and shapes were compared before. Every byte read is
/// checked again. Throws CheckpointError; some tensors are changed then.
void load_tensors(const std::filesystem::path& folder, const Manifest& manifest, const std::vector<OwnedSlice>& slices);

}  // namespace realface::checkpoints
