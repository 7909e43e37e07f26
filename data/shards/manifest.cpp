#include "data/shards/manifest.h"

#include <numeric>
#include <set>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/shards/join.h"

namespace realface::data {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kVersion = 1;

nlohmann::json to_json(const ShardEntry& entry) {
  nlohmann::json classes = nlohmann::json::object();
  for (const auto& [name, count] : entry.classes) {
    classes[name] = {{"videos", count.videos}, {"frames", count.frames}};
  }
  return {{"name", entry.name}, {"bytes", entry.bytes}, {"frames", entry.frames}, {"videos", entry.videos},
          {"classes", classes}, {"split", entry.split}, {"digest", entry.digest}};
}

ShardEntry entry_of(const nlohmann::json& json) {
  ShardEntry entry;
  json.at("name").get_to(entry.name);
  json.at("bytes").get_to(entry.bytes);
  json.at("frames").get_to(entry.frames);
  json.at("videos").get_to(entry.videos);
  json.at("split").get_to(entry.split);
  json.at("digest").get_to(entry.digest);
  for (const auto& [name, count] : json.at("classes").items()) {
    entry.classes[name] = {count.at("videos").get<int64_t>(), count.at("frames").get<int64_t>()};
  }
  // A manifest may come from elsewhere; its names must stay beside it.
  if (entry.name.empty() || fs::path(entry.name).filename() != entry.name) {
    throw DataError("a shard is named '" + entry.name + "'; expected a plain file name");
  }
  if (entry.bytes < 0 || entry.frames < 0 || entry.videos < 0) {
    throw DataError("it counts less than nothing of '" + entry.name + "'");
  }
  return entry;
}

nlohmann::json core_json(const Manifest& manifest) {
  nlohmann::json shards = nlohmann::json::array();
  for (const ShardEntry& entry : manifest.shards) { shards.push_back(to_json(entry)); }
  nlohmann::json json = {{"schema", kManifestSchema},
                         {"version", kVersion},
                         {"dataset_id", manifest.dataset_id},
                         {"plan_digest", manifest.plan_digest},
                         {"codec", codec_name(manifest.codec)},
                         {"height", manifest.height},
                         {"width", manifest.width},
                         {"names",
                          {{"manip", manifest.names.manip},
                           {"dataset", manifest.names.dataset},
                           {"compression", manifest.names.compression}}},
                         {"totals",
                          {{"shards", manifest.shards.size()},
                           {"videos", manifest.videos()},
                           {"frames", manifest.frames()},
                           {"bytes", manifest.bytes()}}},
                         {"shards", shards}};
  if (!manifest.codec.lossless()) { json["codec_params"] = codec_params(manifest.codec); }
  return json;
}

Manifest parse(const std::string& text, const fs::path& folder) {
  const nlohmann::json json = nlohmann::json::parse(text);
  if (json.at("schema") != kManifestSchema) { throw DataError("it is not a manifest of realface"); }
  if (json.at("version") != kVersion) {
    throw DataError("it has version " + json.at("version").dump() + "; this program reads " + std::to_string(kVersion));
  }
  Manifest manifest;
  json.at("dataset_id").get_to(manifest.dataset_id);
  json.at("plan_digest").get_to(manifest.plan_digest);
  manifest.codec = codec_config(json.at("codec").get<std::string>(), json.value("codec_params", ""));
  json.at("height").get_to(manifest.height);
  json.at("width").get_to(manifest.width);
  json.at("names").at("manip").get_to(manifest.names.manip);
  json.at("names").at("dataset").get_to(manifest.names.dataset);
  json.at("names").at("compression").get_to(manifest.names.compression);
  std::set<std::string> names;
  for (const auto& entry : json.at("shards")) {
    manifest.shards.push_back(entry_of(entry));
    manifest.shards.back().folder = folder;
    if (!names.insert(manifest.shards.back().name).second) {
      throw DataError("it lists '" + manifest.shards.back().name + "' twice");
    }
  }
  if (json.contains("config")) { manifest.config = json.at("config"); }
  return manifest;
}

int64_t sum(const Manifest& manifest, int64_t ShardEntry::*field) {
  return std::accumulate(manifest.shards.begin(), manifest.shards.end(), int64_t{0},
                         [&](int64_t total, const ShardEntry& entry) { return total + entry.*field; });
}

Manifest load_one(const fs::path& folder) {
  const fs::path path = folder / kManifestName;
  if (!fs::exists(path)) {
    throw DataError("[" + folder.string() + "] has no " + kManifestName +
                    "; expected a folder of finished shards, as `realface preprocess` makes it");
  }
  const std::string text = read_file(path);
  const fs::path sum_path = path.string() + ".sha256";
  if (!fs::exists(sum_path)) { throw DataError("[" + sum_path.string() + "] is not there; copy it with its manifest"); }
  if (read_file(sum_path).substr(0, 64) != sha256_hex(text)) {
    throw DataError("[" + path.string() + "] is not what its .sha256 says; copy both again");
  }
  try {
    return parse(text, folder);
  } catch (const nlohmann::json::exception& error) {
    throw DataError("[" + path.string() + "] cannot be understood: " + error.what());
  } catch (const DataError& error) { throw DataError("[" + path.string() + "] " + error.what()); }
}

}  // namespace

std::string class_name(int8_t label, const std::string& manip) {
  const std::string name = label == 0 ? "real" : label == 1 ? "fake" : "unknown";
  return manip.empty() ? name : name + "/" + manip;
}

int64_t Manifest::frames() const { return sum(*this, &ShardEntry::frames); }
int64_t Manifest::videos() const { return sum(*this, &ShardEntry::videos); }
int64_t Manifest::bytes() const { return sum(*this, &ShardEntry::bytes); }

nlohmann::json Manifest::crops() const {
  nlohmann::json facts = nlohmann::json::object();
  const auto preprocess = config.find("preprocess");
  if (preprocess == config.end()) { return facts; }
  for (const char* key : {"detector", "margin", "align", "crop", "size", "compression"}) {
    if (preprocess->contains(key)) { facts[key] = preprocess->at(key); }
  }
  return facts;
}

std::string Manifest::digest() const { return sha256_hex(core_json(*this).dump()); }

void Manifest::save(const fs::path& folder) const {
  nlohmann::json json = core_json(*this);
  json["config"] = config;
  const std::string text = json.dump(2) + "\n";
  // The sum first: a manifest that is there has its sum.
  publish_file(folder / (std::string(kManifestName) + ".sha256"), sha256_hex(text) + "  " + kManifestName + "\n");
  publish_file(folder / kManifestName, text);
}

Manifest Manifest::load(const Folders& folders) {
  std::vector<Manifest> manifests;
  for (const auto& folder : folders.paths()) { manifests.push_back(load_one(folder)); }
  if (manifests.empty()) { throw DataError("[data.shards] names no folder; expected one of finished shards"); }
  return join(manifests);
}

}  // namespace realface::data
