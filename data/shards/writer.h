#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "data/shards/format.h"
#include "data/shards/manifest.h"
#include "data/shards/records.h"

namespace realface::data {

/// Writes one shard: PATH.tmp with all space allocated, then video after video, then seal(). A writer that is destroyed
/// unsealed removes its .tmp. The same header and videos give the same bytes. One thread a writer; writers in several
/// threads take turns in HDF5.
///
/// Throws Error for the disk's errors (full, not writable), DataError for a record that does not fit: a name that is in
/// no table, a key over 63 bytes, more than `totals` announced.
class ShardWriter {
 public:
  ShardWriter(const std::filesystem::path& path, const ShardHeader& header, const ShardTotals& totals);
  ~ShardWriter();
  ShardWriter(const ShardWriter&) = delete;
  ShardWriter& operator=(const ShardWriter&) = delete;

  void add(const VideoRecord& video);

  /// Writes index, digests and, last, the `sealed` mark; closes, syncs, reads back and verifies every byte, renames to
  /// PATH and syncs the folder. Throws where what was added is not what `totals` announced.
  ShardEntry seal();

 private:
  struct Members;
  std::unique_ptr<Members> members_;
};

}  // namespace realface::data
