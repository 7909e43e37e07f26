#include "data/importers/source.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/counter_rng.h"
#include "base/error.h"
#include "base/sha256.h"

namespace realface::data::importers {
namespace {

constexpr size_t kLongestKey = 63;

}  // namespace

void to_json(nlohmann::json& json, const Source& source) {
  json = {{"path", source.path},
          {"kind", static_cast<int>(source.kind)},
          {"bytes", source.bytes},
          {"files", source.files},
          {"key", source.key},
          {"dataset", source.dataset},
          {"manip", source.manip},
          {"compression", source.compression},
          {"split", source.split},
          {"label", source.label},
          {"identity", source.identity},
          {"partner", source.partner},
          {"group", source.group},
          {"mask", source.mask_path},
          {"original", source.original_path},
          {"member", source.member}};
  for (const LabelledRun& run : source.runs) { json["runs"].push_back({run.first, run.count, run.label}); }
}

void from_json(const nlohmann::json& json, Source& source) {
  json.at("path").get_to(source.path);
  source.kind = static_cast<SourceKind>(json.at("kind").get<int>());
  json.at("bytes").get_to(source.bytes);
  json.at("files").get_to(source.files);
  json.at("key").get_to(source.key);
  json.at("dataset").get_to(source.dataset);
  json.at("manip").get_to(source.manip);
  json.at("compression").get_to(source.compression);
  json.at("split").get_to(source.split);
  json.at("label").get_to(source.label);
  json.at("identity").get_to(source.identity);
  json.at("partner").get_to(source.partner);
  json.at("group").get_to(source.group);
  json.at("mask").get_to(source.mask_path);
  json.at("original").get_to(source.original_path);
  json.at("member").get_to(source.member);
  for (const auto& run : json.value("runs", nlohmann::json::array())) {
    source.runs.push_back({run.at(0), run.at(1), run.at(2)});
  }
}

std::string bounded_key(const std::string& key) {
  if (key.size() <= kLongestKey) { return key; }
  constexpr size_t kHash = 16;
  size_t cut = kLongestKey - kHash - 1;
  while (cut > 0 && (static_cast<unsigned char>(key[cut]) & 0xC0U) == 0x80U) {
    --cut;  // never inside a UTF-8 letter
  }
  return key.substr(0, cut).append("~").append(sha256_hex(key), 0, kHash);
}

int64_t group_number(const std::string& name) {
  Sha256 sha;
  sha.update(name);
  const Digest digest = sha.finish();
  uint64_t number = 0;
  for (size_t i = 0; i < 8; ++i) { number = number << 8U | digest[i]; }
  return static_cast<int64_t>(number >> 1U);
}

std::string split_by_group(int64_t group) {
  const uint64_t share = mix({static_cast<uint64_t>(group)}) % 100;
  return share < 80 ? "train" : share < 90 ? "val" : "test";
}

void sort_by_key(std::vector<Source>& sources) {
  std::ranges::sort(sources, {}, &Source::key);
  const auto twin = std::ranges::adjacent_find(sources, {}, &Source::key);
  if (twin != sources.end()) {
    throw DataError("[preprocess] " + twin->path + " and " + std::next(twin)->path + " have the same key " + twin->key +
                    "; keys must be unique; rename one of them");
  }
}

}  // namespace realface::data::importers
