#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

namespace realface::checkpoints {

/// True where `path` is a checkpoint folder, or a run folder with checkpoints.
bool is_checkpoint(const std::filesystem::path& path);

/// What a checkpoint is, or of a run folder the newest one whose manifest can be read: kind ("checkpoint" or "run"),
/// checkpoint, steps (all of a run, newest first), step, world_size, saved_at, bytes, parameters, weights_sha256,
/// models (by name: parameters, weights_sha256), parts (name -> tensors, bytes), config, config_sha256, dataset_digest,
/// code_version, seed.
///
/// A network's weights_sha256 is models::weights_sha256 of it: two files with the same digest hold the same weights.
/// The one at the top is that of the only network, or of all of them, names led by "<network>.". All weights are read
/// and checked. Throws CheckpointError.
nlohmann::json inspect_checkpoint(const std::filesystem::path& path);

/// The same for people, a dozen lines.
std::string checkpoint_text(const nlohmann::json& report);

}  // namespace realface::checkpoints
