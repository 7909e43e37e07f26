#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "data/shards/folders.h"
#include "data/shards/format.h"

namespace realface::data {

struct ClassCount {
  int64_t videos = 0, frames = 0;
  bool operator==(const ClassCount&) const = default;
};

/// One sealed shard, as the manifest lists it.
struct ShardEntry {
  std::string name;  // of the file, beside the manifest
  int64_t bytes = 0, frames = 0, videos = 0;
  std::map<std::string, ClassCount> classes;  // "real", "fake/Deepfakes", ...: label, then manipulation where there is
                                              // one; videos without frames are counted too
  std::string split;
  std::string digest;            // shard_digest
  std::filesystem::path folder;  // that it lies in; not written

  std::filesystem::path path() const { return folder / name; }
  bool operator==(const ShardEntry&) const = default;
};

/// manifest.json, beside its shards: what the dataset holds and the digests that shards must have. Written last, so a
/// folder with a manifest is complete.
struct Manifest {
  std::string dataset_id;   // made from the plan's digest, so equal for equal plans
  std::string plan_digest;  // SHA-256, hex
  CodecConfig codec;
  int64_t height = 224, width = 224;
  NameTables names;
  std::vector<ShardEntry> shards;
  nlohmann::json config = nlohmann::json::object();  // the preprocessing configuration, for people

  int64_t frames() const;
  int64_t videos() const;
  int64_t bytes() const;
  /// SHA-256, hex, over everything but `config`: the digest of the dataset, which checkpoints and reports name.
  std::string digest() const;

  /// How the faces were cut out: {"detector", "margin", "align", "crop", "size", "compression"}, as far as it is known.
  nlohmann::json crops() const;

  /// Publishes FOLDER/manifest.json and FOLDER/manifest.json.sha256 (as sha256sum writes it). Deterministic bytes.
  void save(const std::filesystem::path& folder) const;
  /// Several folders are read as one dataset (join.h). Throws DataError for a folder without manifest, a manifest that
  /// is not its .sha256's, another schema, or a field that is missing.
  static Manifest load(const Folders& folders);
};

inline constexpr const char* kManifestName = "manifest.json";
inline constexpr const char* kManifestSchema = "realface.manifest";

/// The class of a video or frame as `ShardEntry::classes` names it.
std::string class_name(int8_t label, const std::string& manip);

}  // namespace realface::data
