#include "data/preprocess/plan.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "base/counter_rng.h"
#include "base/sha256.h"

namespace realface::data::preprocess {
namespace {

constexpr const char* kSplits[] = {"train", "val", "test"};
/// What a codec leaves of raw pixels: 55.4, 60.0 and (quality 95, 4:4:4) 18.6 of 150.5 KB were measured on faces of 224
/// pixels.
double compressed_share(Codec codec) {
  constexpr double kRaw = 1, kGdiff = 0.37, kPng = 0.40, kJpeg = 0.12;
  return codec == Codec::raw ? kRaw : codec == Codec::gdiff_up_zstd ? kGdiff : codec == Codec::png ? kPng : kJpeg;
}

nlohmann::json without_paths(const importers::Source& source) {
  nlohmann::json json = source;
  json.erase("path");
  json["mask"] = !source.mask_path.empty();
  json["original"] = !source.original_path.empty();
  return json;
}

void shuffle(std::vector<int64_t>& items, CounterRng& rng) {
  for (size_t i = items.size(); i > 1; --i) { std::swap(items[i - 1], items[rng.below(i)]); }
}

/// The videos of a split: one class after the other, each in a random order.
std::vector<int64_t> stratified(const std::vector<importers::Source>& sources, const std::string& split, uint64_t seed,
                                uint64_t number) {
  using Class = std::tuple<std::string, std::string, int8_t>;
  std::map<Class, std::vector<int64_t>> classes;
  for (size_t i = 0; i < sources.size(); ++i) {
    if (sources[i].split == split) {
      classes[{sources[i].dataset, sources[i].manip, sources[i].label}].push_back(static_cast<int64_t>(i));
    }
  }
  CounterRng rng(seed, CounterRng::Purpose::plan, {number});
  std::vector<int64_t> all;
  for (auto& [key, videos] : classes) {
    shuffle(videos, rng);
    all.insert(all.end(), videos.begin(), videos.end());
  }
  return all;
}

std::string shard_name(const std::string& split, int64_t id, int64_t of) {
  const auto padded = [](int64_t number) {
    const std::string digits = std::to_string(number);
    return std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0').append(digits);
  };
  return split + "-" + padded(id) + "-of-" + padded(of) + ".h5";
}

std::vector<PlannedShard> pack(const std::vector<importers::Source>& sources, const nlohmann::json& config) {
  std::vector<PlannedShard> shards;
  const uint64_t seed = config.at("seed");
  for (uint64_t s = 0; s < 3; ++s) {
    const std::vector<int64_t> videos = stratified(sources, kSplits[s], seed, s);
    if (videos.empty()) { continue; }
    int64_t bytes = 0;
    for (const int64_t video : videos) { bytes += expected_bytes(sources[static_cast<size_t>(video)], config); }
    const int64_t count = shard_count(bytes, static_cast<int64_t>(videos.size()), config.at("shard_bytes"));
    std::vector<PlannedShard> dealt(static_cast<size_t>(count));
    for (size_t i = 0; i < videos.size(); ++i) { dealt[i % dealt.size()].videos.push_back(videos[i]); }
    for (int64_t id = 0; id < count; ++id) {
      PlannedShard& shard = dealt[static_cast<size_t>(id)];
      shard.name = shard_name(kSplits[s], id, count);
      shard.split = kSplits[s];
      shard.id = id;
      shard.of = count;
      CounterRng rng(seed, CounterRng::Purpose::plan, {s, static_cast<uint64_t>(id), 1});
      shuffle(shard.videos, rng);  // else a shard would hold class after class
      shards.push_back(std::move(shard));
    }
  }
  return shards;
}

NameTables names_of(const std::vector<importers::Source>& sources) {
  std::set<std::string> manip, dataset, compression;
  for (const importers::Source& source : sources) {
    manip.insert(source.manip);
    dataset.insert(source.dataset);
    compression.insert(source.compression);
  }
  return {{manip.begin(), manip.end()}, {dataset.begin(), dataset.end()}, {compression.begin(), compression.end()}};
}

nlohmann::json packing(const std::vector<PlannedShard>& shards) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& shard : shards) {
    list.push_back(
        {{"name", shard.name}, {"split", shard.split}, {"id", shard.id}, {"of", shard.of}, {"videos", shard.videos}});
  }
  return list;
}

/// "3 more, 1 fewer, 0 changed" between two lists of sources, with an example.
std::string source_difference(const nlohmann::json& then, const nlohmann::json& now) {
  std::map<std::string, nlohmann::json> before;
  for (const auto& source : then) { before[source.at("key")] = without_paths(source.get<importers::Source>()); }
  int64_t more = 0, changed = 0;
  std::string example;
  for (const auto& source : now) {
    const std::string key = source.at("key");
    const auto twin = before.find(key);
    if (twin == before.end()) { ++more; }
    if (twin != before.end() && twin->second != without_paths(source.get<importers::Source>())) { ++changed; }
    if (more + changed == 1 && example.empty()) { example = key; }
    if (twin != before.end()) { before.erase(twin); }
  }
  if (more + changed + static_cast<int64_t>(before.size()) == 0) { return ""; }
  if (example.empty()) { example = before.begin()->first; }
  return "the input videos (" + std::to_string(more) + " more, " + std::to_string(before.size()) + " fewer, " +
         std::to_string(changed) + " changed; for example " + example + ")";
}

}  // namespace

int64_t shard_count(int64_t bytes, int64_t videos, int64_t target) {
  const int64_t by_bytes = (bytes + target - 1) / target;
  const int64_t wanted = std::max({by_bytes, std::min<int64_t>(16, videos / 8), int64_t{1}});
  return std::min(wanted, std::max<int64_t>(videos, 1));
}

int64_t expected_bytes(const importers::Source& source, const nlohmann::json& config) {
  const int64_t size = config.at("size"), most = config.at("frames");
  const int64_t frames = source.kind == importers::SourceKind::video ? most : std::min(most, source.files);
  const double frame = static_cast<double>(size * size * 3) * compressed_share(codec_by_name(config.at("codec")));
  return static_cast<int64_t>(frame * static_cast<double>(frames));
}

Plan make_plan(std::vector<importers::Source> sources, nlohmann::json config, const std::string& code_version) {
  Plan plan;
  plan.config = std::move(config);
  plan.code_version = code_version;
  plan.sources = std::move(sources);
  plan.shards = pack(plan.sources, plan.config);
  plan.names = names_of(plan.sources);
  plan.config_digest = sha256_hex(plan.config.dump());
  nlohmann::json all = {
      {"config", plan.config}, {"sources", nlohmann::json::array()}, {"shards", packing(plan.shards)}};
  for (const importers::Source& source : plan.sources) { all["sources"].push_back(without_paths(source)); }
  plan.digest = sha256_hex(all.dump());
  return plan;
}

nlohmann::json to_json(const Plan& plan) {
  return {{"config", plan.config},
          {"code_version", plan.code_version},
          {"sources", plan.sources},
          {"shards", packing(plan.shards)},
          {"names", {plan.names.manip, plan.names.dataset, plan.names.compression}},
          {"config_digest", plan.config_digest},
          {"digest", plan.digest}};
}

Plan plan_from_json(const nlohmann::json& json) {
  Plan plan;
  plan.config = json.at("config");
  plan.code_version = json.at("code_version");
  plan.sources = json.at("sources").get<std::vector<importers::Source>>();
  for (const auto& shard : json.at("shards")) {
    plan.shards.push_back({shard.at("name"), shard.at("split"), shard.at("id"), shard.at("of"), shard.at("videos")});
  }
  plan.names = {json.at("names").at(0), json.at("names").at(1), json.at("names").at(2)};
  plan.config_digest = json.at("config_digest");
  plan.digest = json.at("digest");
  return plan;
}

std::string difference(const nlohmann::json& then, const nlohmann::json& now) {
  std::string text;
  const auto& before = then.at("config");
  for (const auto& [name, value] : now.at("config").items()) {
    if (const auto old = before.value(name, nlohmann::json()); old != value) {
      text += (text.empty() ? "" : ", ") + name + " (" + old.dump() + " there, " + value.dump() + " now)";
    }
  }
  if (text.empty()) { text = source_difference(then.at("sources"), now.at("sources")); }
  return text;
}

}  // namespace realface::data::preprocess
