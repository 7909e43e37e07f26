#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/file.h"
#include "data/shards/format.h"
#include "data/shards/manifest.h"

namespace realface::data {

/// What a user can do about a shard that is not whole: the end of each message about one.
inline constexpr const char* kCopyAgain = "; copy it again or make it again with `realface preprocess`";

/// A shard's metadata and where its pixels lie in the file. HDF5 is closed again when it is read: pixels come by pread.
struct Shard {
  std::filesystem::path path;
  ShardHeader header;
  ShardIndex index;
  int64_t bytes = 0;                                                                    // of the file
  uint64_t blob_at = 0, blob_bytes = 0, mask_at = 0, mask_bytes = 0, landmarks_at = 0;  // byte positions and sizes
  Digest index_sha256{}, payload_sha256{};                                              // as stored
  bool complete = true;  // false: `index` holds the arrays for training alone

  /// The entry that the manifest of this shard must hold.
  ShardEntry entry() const;
};

/// Reads everything but the pixels and checks it: schema, version, seal, size, index digest, and that all offsets
/// ascend and lie inside. Throws DataError with file, what was found, what was expected, what to do. Takes the one HDF5
/// lock.
Shard open_shard(const std::filesystem::path& path);

/// As open_shard, but only the arrays that training needs, each checked by its own CRC32C: 25 bytes a frame instead of
/// 680.
Shard open_training_index(const std::filesystem::path& path);

/// Throws DataError where the index is not what its digest says, or where offsets do not ascend, counts do not agree or
/// ids name nothing. Part of open_shard.
void check_index(const Shard& shard);

/// Throws DataError where the shard is not the one that `entry` lists.
void check_entry(const Shard& shard, const ShardEntry& entry);

/// Reads all pixels once: payload digest, CRC of every frame, decodes every frame and mask. One line for each fault;
/// the list is cut at 100. `progress` gets the bytes read since its last call.
std::vector<std::string> verify_payload(const Shard& shard, const std::function<void(int64_t)>& progress = {});

/// A file opened for pread: any number of threads may read at once. Closes itself; movable.
class PositionedFile {
 public:
  PositionedFile() = default;
  explicit PositionedFile(const std::filesystem::path& path);

  /// Reads exactly `size` bytes at `position`, or throws DataError (system error, file cut short).
  void read(uint64_t position, void* out, size_t size) const;
  /// Asks the kernel to begin reading the range, which should be small: it reads ahead no more than the device's limit.
  void advise(uint64_t position, size_t size) const;
  /// Asks the kernel to drop its copy of the range, and of the pages at its ends, so that the next read goes to the
  /// disk.
  void forget(uint64_t position, size_t size) const;
  int64_t size() const;

 private:
  std::filesystem::path path_;
  Descriptor file_;
};

}  // namespace realface::data
