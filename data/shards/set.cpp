#include "data/shards/set.h"

#include "base/atomic_file.h"
#include "base/error.h"

namespace realface::data {
namespace fs = std::filesystem;

ShardSet::ShardSet(const fs::path& path) {
  if (fs::is_directory(path)) {
    manifest_ = Manifest::load(path);
    for (const ShardEntry& entry : manifest_->shards) { paths_.push_back(entry.path()); }
  } else {
    paths_.push_back(path);
  }
}

Shard ShardSet::open(size_t i) const {
  Shard shard = open_shard(paths_[i]);
  if (manifest_) { check_entry(shard, manifest_->shards[i]); }
  return shard;
}

bool ShardSet::looks_like_other_manifest(const fs::path& folder) {
  const auto json = nlohmann::json::parse(read_file(folder / kManifestName), nullptr, false);
  // One that cannot be read counts as ours, so that its damage is reported as that of a dataset.
  return json.is_object() && json.value("schema", nlohmann::json("")) != kManifestSchema;
}

}  // namespace realface::data
