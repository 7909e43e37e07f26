#include "checkpoints/format/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/safetensors.h"
#include "base/sha256.h"
#include "checkpoints/format/folder.h"

namespace realface::checkpoints {
namespace {

using Json = nlohmann::json;

constexpr const char* kFormat = "realface-checkpoint";
constexpr const char* kDigestKey = "manifest_sha256";

[[noreturn]] void damaged(const std::string& subject, const std::string& what) {
  throw CheckpointError(subject_of(subject) + " " + what + "; the checkpoint is damaged, use another one");
}

std::string hex32(uint32_t value) {
  std::array<char, 9> text{};
  std::snprintf(text.data(), text.size(), "%08x", value);
  return text.data();
}

uint32_t from_hex32(const Json& json) {
  return static_cast<uint32_t>(std::stoul(json.get<std::string>(), nullptr, 16));
}

Json to_json(const FileRecord& file) {
  return {{"name", file.name}, {"bytes", file.bytes}, {"crc32c", hex32(file.crc32c)}};
}

FileRecord file_from_json(const Json& json) {
  return {json.at("name").get<std::string>(), json.at("bytes").get<uint64_t>(), from_hex32(json.at("crc32c"))};
}

Json to_json(const PieceRecord& piece) {
  return {{"part", piece.part},
          {"name", piece.name},
          {"dtype", piece.dtype},
          {"shape", piece.shape},
          {"global_shape", piece.global_shape},
          {"offset", piece.offset},
          {"replicated", piece.replicated},
          {"file", piece.file},
          {"bytes", {piece.begin, piece.end}},
          {"crc32c", hex32(piece.crc32c)}};
}

PieceRecord piece_from_json(const Json& json) {
  PieceRecord piece;
  json.at("part").get_to(piece.part);
  json.at("name").get_to(piece.name);
  json.at("dtype").get_to(piece.dtype);
  json.at("shape").get_to(piece.shape);
  json.at("global_shape").get_to(piece.global_shape);
  json.at("offset").get_to(piece.offset);
  json.at("replicated").get_to(piece.replicated);
  json.at("file").get_to(piece.file);
  json.at("bytes").at(0).get_to(piece.begin);
  json.at("bytes").at(1).get_to(piece.end);
  piece.crc32c = from_hex32(json.at("crc32c"));
  return piece;
}

/// The manifest's own digest shows that nobody altered it by accident; this shows that its writer made sense.
void check_piece(const PieceRecord& piece, const std::vector<FileRecord>& files, const std::string& subject) {
  uint64_t bytes = safetensors::element_bytes(piece.dtype);
  for (const int64_t dimension : piece.shape) {
    if (dimension < 0) { damaged(subject, "tensor " + piece.key() + " has a negative dimension"); }
    bytes *= static_cast<uint64_t>(dimension);
  }
  if (piece.file >= files.size() || piece.begin > piece.end || piece.end > files[piece.file].bytes ||
      piece.end - piece.begin != bytes) {
    damaged(subject, "tensor " + piece.key() + " lies outside of its file or is not as long as its shape");
  }
  if (piece.shape.size() != piece.global_shape.size() ||
      (!piece.shape.empty() && (piece.offset < 0 || piece.offset + piece.shape[0] > piece.global_shape[0]))) {
    damaged(subject, "rows of tensor " + piece.key() + " lie outside of the whole tensor");
  }
}

Manifest parse(const Json& json, const std::string& subject) {
  Manifest manifest;
  json.at("step").get_to(manifest.step);
  json.at("world_size").get_to(manifest.world_size);
  json.at("saved_at").get_to(manifest.saved_at);
  manifest.provenance.config = json.at("config");
  json.at("dataset_digest").get_to(manifest.provenance.dataset_digest);
  json.at("code_version").get_to(manifest.provenance.code_version);
  json.at("seed").get_to(manifest.provenance.seed);
  manifest.provenance.crops = json.value("crops", Json::object());  // older checkpoints do not say
  for (const auto& [part, values] : json.at("parts").items()) { manifest.values[part] = values; }
  for (const auto& file : json.at("files")) { manifest.files.push_back(file_from_json(file)); }
  for (const auto& piece : json.at("tensors")) {
    manifest.pieces.push_back(piece_from_json(piece));
    check_piece(manifest.pieces.back(), manifest.files, subject);
  }
  return manifest;
}

}  // namespace

Json to_json(const RankReport& report) {
  Json pieces = Json::array();
  for (const auto& piece : report.pieces) { pieces.push_back(to_json(piece)); }
  return {{"file", to_json(report.file)}, {"tensors", pieces}};
}

RankReport report_from_json(const Json& json) {
  RankReport report{file_from_json(json.at("file")), {}};
  for (const auto& piece : json.at("tensors")) { report.pieces.push_back(piece_from_json(piece)); }
  return report;
}

uint64_t Manifest::bytes() const {
  uint64_t sum = 0;
  for (const auto& file : files) { sum += file.bytes; }
  return sum;
}

std::string encode(const Manifest& manifest) {
  Json json = {{"format", kFormat},
               {"version", kManifestVersion},
               {"step", manifest.step},
               {"world_size", manifest.world_size},
               {"saved_at", manifest.saved_at},
               {"config", manifest.provenance.config},
               {"config_sha256", sha256_hex(manifest.provenance.config.dump())},
               {"dataset_digest", manifest.provenance.dataset_digest},
               {"code_version", manifest.provenance.code_version},
               {"seed", manifest.provenance.seed},
               {"crops", manifest.provenance.crops},
               {"parts", Json::object()},
               {"files", Json::array()},
               {"tensors", Json::array()}};
  for (const auto& [part, values] : manifest.values) { json["parts"][part] = values; }
  for (const auto& file : manifest.files) { json["files"].push_back(to_json(file)); }
  for (const auto& piece : manifest.pieces) { json["tensors"].push_back(to_json(piece)); }
  json[kDigestKey] = sha256_hex(json.dump());
  return json.dump(1) + "\n";
}

Manifest decode(const std::string& text, const std::string& subject) {
  try {
    Json json = Json::parse(text);
    if (json.value("format", "") != kFormat) { damaged(subject, "does not say that it is a " + std::string(kFormat)); }
    if (text != json.dump(1) + "\n") { damaged(subject, "has bytes that no save writes"); }
    const auto digest = json.at(kDigestKey).get<std::string>();
    json.erase(kDigestKey);
    if (sha256_hex(json.dump()) != digest) { damaged(subject, "does not match its own digest"); }
    // After the digest: a flipped bit must not look like another version.
    if (json.at("version") != kManifestVersion) {
      throw VersionError(fmt::format(
          "{} has format version {}, and this program reads {}; go on with the realface that wrote it ({}) or "
          "a newer one",
          subject_of(subject), json.at("version").dump(), kManifestVersion, json.value("code_version", "unknown")));
    }
    return parse(json, subject);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {  // JSON of the wrong form, a number that is none
    damaged(subject, std::string("cannot be understood (") + error.what() + ")");
  }
}

void check_step(const Manifest& manifest, const std::filesystem::path& folder) {
  const auto whole = std::filesystem::absolute(folder).lexically_normal();
  const auto name = (whole.has_filename() ? whole : whole.parent_path()).filename().string();
  if (step_of(name) < 0 || step_of(name) == manifest.step) { return; }
  const auto step = std::to_string(manifest.step);
  throw CheckpointError(subject_of(folder) + " holds step " + step + ", so it was renamed; expected the name step-" +
                        step + "; rename it back");
}

Manifest read_manifest(const std::filesystem::path& folder) {
  const auto path = folder / kManifestName;
  if (!std::filesystem::exists(path)) { damaged(path.string(), "is missing"); }
  auto manifest = decode(read_file(path), path.string());
  check_step(manifest, folder);
  return manifest;
}

std::string rank_file_name(int rank) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "rank-%04d.safetensors", rank);
  return text.data();
}

}  // namespace realface::checkpoints
