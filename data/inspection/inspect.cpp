#include "data/inspection/inspect.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "data/shards/reader.h"
#include "data/shards/set.h"

namespace realface::data {
namespace fs = std::filesystem;
namespace {

constexpr std::array<const char*, 7> kStatusNames = {"ok",        "unreadable", "no_frames", "no_face", "too_few_faces",
                                                     "truncated", "crashed"};
constexpr std::array<const char*, 5> kFlagNames = {"tracked", "concealed", "edge_padded", "small_face",
                                                   "several_faces"};

void add(nlohmann::json& to, const std::string& name, int64_t amount) {
  auto& count = to[name];
  count = (count.is_null() ? 0 : count.get<int64_t>()) + amount;
}

void add_entry(nlohmann::json& facts, const ShardEntry& entry) {
  facts["shards"].push_back({{"name", entry.name},
                             {"bytes", entry.bytes},
                             {"frames", entry.frames},
                             {"videos", entry.videos},
                             {"split", entry.split},
                             {"digest", entry.digest}});
  auto& split = facts["splits"][entry.split];
  add(split, "shards", 1);
  add(split, "videos", entry.videos);
  add(split, "frames", entry.frames);
  for (const auto& [name, count] : entry.classes) {
    add(split["classes"][name], "videos", count.videos);
    add(split["classes"][name], "frames", count.frames);
  }
  for (const auto& [name, amount] :
       {std::pair{"shards", int64_t{1}}, {"videos", entry.videos}, {"frames", entry.frames}, {"bytes", entry.bytes}}) {
    add(facts["totals"], name, amount);
  }
}

void add_index(nlohmann::json& facts, const ShardIndex& index, std::set<int32_t>& identities) {
  for (const int16_t status : index.status) {
    const bool known = status >= 0 && static_cast<size_t>(status) < kStatusNames.size();
    add(facts["videos_by_status"], known ? kStatusNames[static_cast<size_t>(status)] : "other", 1);
  }
  for (size_t bit = 0; bit < kFlagNames.size(); ++bit) {
    add(facts["frames_by_flag"], kFlagNames[bit],
        std::count_if(index.flags.begin(), index.flags.end(),
                      [&](uint32_t flags) { return (flags >> bit & 1U) != 0; }));
  }
  int64_t masks = 0;
  for (size_t i = 0; i + 1 < index.mask_offset.size(); ++i) {
    masks += index.mask_offset[i + 1] > index.mask_offset[i];
  }
  add(facts, "frames_with_mask", masks);
  for (const int8_t source : index.mask_source) {
    add(facts["videos_by_mask_source"], mask_source_name(static_cast<MaskSource>(source)), 1);
  }
  for (const int32_t identity : index.identity) {
    if (identity >= 0) { identities.insert(identity); }
  }
}

void add_header(nlohmann::json& facts, const ShardHeader& header) {
  facts["schema"] = std::string(kShardSchema) + " " + std::to_string(kShardMajor);
  facts["codec"] = codec_name(header.codec);
  facts["codec_params"] = codec_params(header.codec);
  facts["height"] = header.height;
  facts["width"] = header.width;
  facts["plan_digest"] = header.plan_digest;
  facts["made_by"] = {{"crop", header.crop},
                      {"margin", header.margin},
                      {"yuv_matrix_range", header.matrix},
                      {"detector", header.detector},
                      {"landmark_model_sha256", header.landmark_model_sha256},
                      {"libraries", header.libraries},
                      {"git_commit", header.code_version},
                      {"config_digest", header.config_digest}};
}

}  // namespace

bool is_shards(const fs::path& path) {
  if (fs::is_directory(path)) { return fs::exists(path / kManifestName) && !ShardSet::looks_like_other_manifest(path); }
  return fs::is_regular_file(path) && path.extension() == ".h5";
}

nlohmann::json inspect_shards(const fs::path& path) {
  const ShardSet set(path);
  nlohmann::json facts = {{"kind", "shards"}, {"path", path.string()}, {"shards", nlohmann::json::array()}};
  facts["frames_with_mask"] = 0;
  std::set<int32_t> identities;
  for (size_t i = 0; i < set.size(); ++i) {
    const Shard shard = set.open(i);
    if (i == 0) { add_header(facts, shard.header); }
    add_entry(facts, shard.entry());
    add_index(facts, shard.index, identities);
  }
  facts["identities"] = identities.size();
  if (set.manifest()) {
    facts["dataset_id"] = set.manifest()->dataset_id;
    facts["dataset_digest"] = set.manifest()->digest();
    facts["config"] = set.manifest()->config;
  }
  return facts;
}

}  // namespace realface::data
