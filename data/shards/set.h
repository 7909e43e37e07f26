#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "data/shards/manifest.h"
#include "data/shards/reader.h"

namespace realface::data {

/// The shards that a path names: those of a folder's manifest, or one file. Internal to data/.
class ShardSet {
 public:
  /// Throws DataError where there are none, or where the manifest is damaged.
  explicit ShardSet(const std::filesystem::path& path);

  size_t size() const { return paths_.size(); }
  const std::filesystem::path& path(size_t i) const { return paths_[i]; }
  const std::optional<Manifest>& manifest() const { return manifest_; }
  /// Opens a shard, and checks it against the manifest where there is one.
  Shard open(size_t i) const;

  /// A folder whose manifest.json is of something else, such as a checkpoint.
  static bool looks_like_other_manifest(const std::filesystem::path& folder);

 private:
  std::optional<Manifest> manifest_;
  std::vector<std::filesystem::path> paths_;
};

}  // namespace realface::data
