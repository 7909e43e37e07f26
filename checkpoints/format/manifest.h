#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "checkpoints/saver.h"

namespace realface::checkpoints {

/// A file of a checkpoint.
struct FileRecord {
  std::string name;
  uint64_t bytes = 0;
  uint32_t crc32c = 0;
};

/// One tensor, or some rows of one, in a rank's file.
struct PieceRecord {
  std::string part, name, dtype;
  std::vector<int64_t> shape, global_shape;
  int64_t offset = 0;  // first row in the whole tensor
  bool replicated = true;
  size_t file = 0;              // index in Manifest::files
  uint64_t begin = 0, end = 0;  // bytes in that file
  uint32_t crc32c = 0;

  std::string key() const { return part + "/" + name; }  // its name in the rank file
};

/// What one rank wrote: it travels to rank 0 as JSON text.
struct RankReport {
  FileRecord file;
  std::vector<PieceRecord> pieces;
};
nlohmann::json to_json(const RankReport& report);
RankReport report_from_json(const nlohmann::json& json);

/// All of manifest.json (docs/checkpoints.md).
struct Manifest {
  int64_t step = 0;
  int world_size = 1;
  double saved_at = 0;  // seconds since the epoch
  Provenance provenance;
  std::map<std::string, nlohmann::json> values;  // by part
  std::vector<FileRecord> files;                 // by rank
  std::vector<PieceRecord> pieces;

  uint64_t bytes() const;
};

inline constexpr const char* kManifestName = "manifest.json";
inline constexpr int kManifestVersion = 1;

/// An intact checkpoint that a newer program wrote, in a format that this one does not read. A resume must not pass it
/// by as if it were damaged: the run would go on from an older one.
class VersionError : public CheckpointError {
 public:
  using CheckpointError::CheckpointError;
};

/// The text carries a digest of itself.
std::string encode(const Manifest& manifest);
/// Throws VersionError for whole text of another version, CheckpointError, both naming `subject`, for text that
/// contradicts itself or of which any byte is not as encode() wrote it.
Manifest decode(const std::string& text, const std::string& subject);
/// Throws CheckpointError where a folder named step-N holds another step than N; any other name says nothing.
void check_step(const Manifest& manifest, const std::filesystem::path& folder);
/// Reads and decodes FOLDER/manifest.json, and checks its step.
Manifest read_manifest(const std::filesystem::path& folder);

std::string rank_file_name(int rank);

}  // namespace realface::checkpoints
