#include "checkpoints/restore.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/error.h"
#include "checkpoints/saving/rank_file.h"

namespace realface::checkpoints {
namespace {

/// The rows that a saved piece and a live slice have in common, [first, last) of the whole tensor.
struct Rows {
  int64_t first = 0, last = 0;
  int64_t count() const { return std::max<int64_t>(0, last - first); }
};

Rows common_rows(const PieceRecord& piece, const Slice& slice) {
  return {std::max(piece.offset, slice.offset),
          std::min(piece.offset + piece.shape[0], slice.offset + slice.tensor.size(0))};
}

void load_slice(const std::filesystem::path& folder, const Manifest& manifest, const OwnedSlice& owned,
                const std::vector<const PieceRecord*>& pieces) {
  auto live = owned.slice.tensor.detach();
  if (!pieces.empty() && live.sizes() == pieces[0]->shape && owned.slice.offset == pieces[0]->offset) {
    live.copy_(read_piece(folder, manifest, *pieces[0]));
    return;
  }
  int64_t filled = 0;
  for (const auto* piece : pieces) {
    const Rows rows = common_rows(*piece, owned.slice);
    if (rows.count() == 0) { continue; }
    const auto saved = read_piece(folder, manifest, *piece);
    live.narrow(0, rows.first - owned.slice.offset, rows.count())
        .copy_(saved.narrow(0, rows.first - piece->offset, rows.count()));
    filled += rows.count();
  }
  if (filled != live.size(0)) {
    throw CheckpointError(subject_of(folder) + " holds " + std::to_string(filled) + " of the " +
                          std::to_string(live.size(0)) + " rows of tensor " + owned.key() +
                          " that this rank needs; use another checkpoint");
  }
}

}  // namespace

void load_tensors(const std::filesystem::path& folder, const Manifest& manifest,
                  const std::vector<OwnedSlice>& slices) {
  std::map<std::string, std::vector<const PieceRecord*>> by_key;
  for (const auto& piece : manifest.pieces) { by_key[piece.key()].push_back(&piece); }
  for (const auto& owned : slices) { load_slice(folder, manifest, owned, by_key[owned.key()]); }
}

}  // namespace realface::checkpoints
