#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/preprocess/plan.h"
#include "data/preprocess/report.h"

namespace realface::data::preprocess {

/// The folder that a run writes: the shards, `manifest.json` once all are sealed, and until then `.parts/` with the
/// plan, a part for each finished video and a report for each shard.
class OutputFolder {
 public:
  explicit OutputFolder(std::filesystem::path path) : path_(std::move(path)) {}

  enum class State { fresh, resumed, finished };

  /// Makes the folder or takes up what an earlier run of the same plan left in it. Throws Error where it cannot be
  /// written or holds something else, ConfigError, naming what differs, where it was made by another plan. One rank.
  State begin(const Plan& plan);

  std::filesystem::path part(int64_t video) const;
  std::filesystem::path report(const PlannedShard& shard) const { return parts() / (shard.name + ".json"); }
  std::filesystem::path shard(const PlannedShard& shard) const { return path_ / shard.name; }
  const std::filesystem::path& path() const { return path_; }

  /// Indices of the shards that are not sealed, and of the videos that these need and that have no part.
  std::vector<int64_t> open_shards(const Plan& plan) const;
  std::vector<int64_t> open_videos(const Plan& plan, const std::vector<int64_t>& shards) const;

  /// A JSON file of `.parts/`, with these keys. Throws DataError if it was cut or edited.
  nlohmann::json read_note(const std::filesystem::path& file, const std::vector<std::string>& keys) const;

  /// Removes `.parts/`.
  void clean() const;

 private:
  std::filesystem::path parts() const { return path_ / ".parts"; }
  State take_up(const Plan& plan) const;
  void refuse_other_files() const;
  void refuse(const std::string& differs) const;
  void check_finished(const Plan& plan) const;

  std::filesystem::path path_;
};

}  // namespace realface::data::preprocess
