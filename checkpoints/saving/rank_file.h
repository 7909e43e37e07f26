#pragma once

#include <filesystem>
#include <vector>

#include "checkpoints/format/manifest.h"
#include "checkpoints/saving/snapshot.h"

namespace realface::checkpoints {

/// Writes FOLDER/rank-RRRR.safetensors and syncs it. Returns what was written, with checksums; `file` of the pieces is
/// the rank. Throws WriteError.
RankReport write_rank_file(const std::filesystem::path& folder, int rank, const std::vector<HostPiece>& pieces);

/// The piece, read from its file and checked against its CRC. Throws CheckpointError.
torch::Tensor read_piece(const std::filesystem::path& folder, const Manifest& manifest, const PieceRecord& piece);

}  // namespace realface::checkpoints
