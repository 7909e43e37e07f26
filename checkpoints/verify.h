#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "checkpoints/format/manifest.h"

namespace realface::checkpoints {

/// Bytes checked so far and bytes to check.
using VerifyProgress = std::function<void(uint64_t done, uint64_t total)>;

/// Checks every byte of a checkpoint folder, or of all checkpoints of a run folder. Returns what is wrong, one sentence
/// each; empty: all is well. Throws CheckpointError where `path` holds no checkpoint.
std::vector<std::string> verify_checkpoint(const std::filesystem::path& path, const VerifyProgress& progress = {});

/// What is wrong with one file of a checkpoint (missing, another size, another checksum); "": nothing.
std::string file_fault(const std::filesystem::path& folder, const FileRecord& file,
                       const std::function<void(uint64_t)>& checked = {});

/// What is wrong with a whole checkpoint folder.
std::vector<std::string> folder_faults(const std::filesystem::path& folder,
                                       const std::function<void(uint64_t)>& checked = {});

/// The checkpoint folders that `path` stands for: itself, or those of a run folder, newest first. Throws
/// CheckpointError where there is none.
std::vector<std::filesystem::path> checkpoint_folders(const std::filesystem::path& path);

}  // namespace realface::checkpoints
