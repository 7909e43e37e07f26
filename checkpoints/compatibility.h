#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "checkpoints/format/layout.h"
#include "checkpoints/format/manifest.h"

namespace realface::checkpoints {

/// "train.batch: 256 in the checkpoint, 512 in this run" for every key that differs and is not among `live.changeable`.
/// A key that the checkpoint does not have yet counts as the default that stands for what was done before it existed.
std::vector<std::string> config_differences(const nlohmann::json& saved, const Provenance& live);

/// The same for names, shapes and dtypes of tensors, and for the names of parts.
std::vector<std::string> tensor_differences(const Manifest& manifest, const std::vector<Part*>& parts,
                                            const std::vector<OwnedSlice>& slices);

/// Throws CheckpointError, with the first few differences, unless this run may continue from that checkpoint.
void check_compatible(const std::string& subject, const Manifest& manifest, const Provenance& live,
                      const std::vector<Part*>& parts);

}  // namespace realface::checkpoints
