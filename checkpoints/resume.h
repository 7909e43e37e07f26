#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "checkpoints/format/folder.h"
#include "checkpoints/saver.h"
#include "distributed/communicator.h"

namespace realface::checkpoints {

/// Saver::resume_latest. The ranks share the reading: each checks some of the files, and all hear of every fault.
/// Collective. `verified` gains the step that was restored.
std::optional<int64_t> resume_newest(const Folder& folder, distributed::Communicator& host,
                                     const Provenance& provenance, const std::vector<Part*>& parts,
                                     std::set<int64_t>& verified);

}  // namespace realface::checkpoints
