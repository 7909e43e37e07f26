#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/importers/source.h"
#include "data/shards/format.h"

/// Which shard holds which videos, fixed before anything is decoded (docs/shards.md), so the bytes
/// do not depend on who decodes what, and a stopped run can go on.
namespace realface::data::preprocess {

struct PlannedShard {
  std::string name;  // train-00000-of-00004.h5
  std::string split;
  int64_t id = 0, of = 1;       // in its split
  std::vector<int64_t> videos;  // indices of sources, in the order of storage
};

struct Plan {
  nlohmann::json config;  // `described`
  std::string code_version;
  std::vector<importers::Source> sources;
  std::vector<PlannedShard> shards;
  NameTables names;
  std::string config_digest, digest;  // SHA-256, hex; `digest` covers configuration, sources without paths, and packing
};

/// max(ceil(bytes / target), min(16, videos / 8)), at least 1 and at most `videos`.
int64_t shard_count(int64_t bytes, int64_t videos, int64_t target);

/// How many bytes a video will take, about: sizes are measured only when all is encoded.
int64_t expected_bytes(const importers::Source& source, const nlohmann::json& config);

/// Videos are permuted by the seed, then dealt to the shards of their split class after class, so that each shard
/// resembles the whole.
Plan make_plan(std::vector<importers::Source> sources, nlohmann::json config, const std::string& code_version);

nlohmann::json to_json(const Plan& plan);
Plan plan_from_json(const nlohmann::json& json);

/// What a person should read when `now` cannot go on with what `then` began, both as to_json: the differing settings
/// with both values, or the inputs that differ. Empty where nothing differs.
std::string difference(const nlohmann::json& then, const nlohmann::json& now);

}  // namespace realface::data::preprocess
