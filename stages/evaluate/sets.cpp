#include "stages/evaluate/sets.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "base/error.h"
#include "data/shards/manifest.h"

namespace realface::stages {
namespace {

void require_faces_in(const std::string& key, const data::Folders& folders, const std::string& split) {
  std::set<std::string> splits;
  for (const auto& shard : data::Manifest::load(folders).shards) {
    if (shard.frames > 0) { splits.insert(shard.split); }
  }
  if (split == "all" ? !splits.empty() : splits.contains(split)) { return; }
  throw DataError(fmt::format("[{}] {} holds no faces of split '{}', {}; name other shards, or another evaluate.split",
                              key, folders.text(), split,
                              splits.empty() ? "nor any others" : fmt::format("only of {}", fmt::join(splits, ", "))));
}

}  // namespace

void require_faces(const data::DataConfig& config, const std::string& split) {
  if (config.sets.empty()) { return require_faces_in("data.shards", config.shards, split); }
  for (const auto& [name, folder] : config.sets) { require_faces_in("data.sets." + name, folder, split); }
}

}  // namespace realface::stages
