#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "checkpoints/format/folder.h"
#include "checkpoints/format/manifest.h"

namespace realface::checkpoints {

/// Puts the ranks' reports (in rank order, as JSON text) into the manifest. Throws CheckpointError where a tensor is
/// missing, written twice, or has rows that nobody wrote: such a checkpoint must not come to be.
void assemble(Manifest& manifest, const std::vector<std::string>& reports);

/// Turns step-N.tmp, whose rank files are synced, into the checkpoint step-N: manifest, sync, rename, sync, then reads
/// all of it back. `verified` gains N. Throws Error; nothing is committed then unless only the reading failed.
void commit(const Folder& folder, const Manifest& manifest, std::set<int64_t>& verified);

/// Removes all checkpoints older than the newest `keep` (at least 2) sound ones; damaged ones do not count. `verified`:
/// those known to be sound; others are read. Throws Error where one cannot be removed.
void prune(const Folder& folder, int keep, std::set<int64_t>& verified);

}  // namespace realface::checkpoints
