#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file.h"
#include "data/faces/augment.h"

/// Numbers that were computed once of every stored frame, kept beside the dataset: FOLDER/companion.bin has one row of
/// fixed size for each frame number, its values and their CRC-32C; FOLDER/companion.json says what they are and seals
/// them. The file is made at its full size; a row that was never written is empty (docs/shards.md).
namespace realface::data {

/// What a companion is.
struct CompanionFacts {
  std::vector<int64_t> shape;    // of a row, f16: [C, h, w], pictures
  uint64_t rows = 0;             // one a frame of the dataset
  std::string split = "all";     // whose frames have a row
  int64_t shortest = 1;          // stored frames of a video whose frames have rows
  std::string dataset_digest;    // of the dataset that it belongs to
  std::string weights_sha256;    // of the network that made it
  nlohmann::json settings = {};  // whatever else tells how

  size_t values() const;
  size_t row_bytes() const { return values() * 2 + 4; }
};

/// Writes rows from any number of processes, each row by one at a time. A second writer in the same folder goes on with
/// the same file.
class CompanionWriter {
 public:
  /// Makes the file, with room for all rows, unless it is there. Throws Error if it cannot be made or is not of the
  /// size that it should have.
  CompanionWriter(const std::filesystem::path& folder, const CompanionFacts& facts);
  /// `values`: facts.values() of them. Throws Error.
  void write(uint64_t row, const uint16_t* values);
  /// Returns once all rows that this writer wrote are on the disk.
  void sync();
  /// Publishes FOLDER/companion.json: once, after every writer's sync().
  static void seal(const std::filesystem::path& folder, const CompanionFacts& facts);

 private:
  CompanionFacts facts_;
  std::filesystem::path path_;
  Descriptor file_;
};

/// A sealed companion. Any number of threads may read.
class Companion {
 public:
  /// Throws DataError if it is not sealed, or belongs to another dataset than that of this digest.
  static std::shared_ptr<const Companion> open(const std::filesystem::path& folder, const std::string& digest);
  static CompanionFacts facts_of(const std::filesystem::path& folder);  // throws DataError

  const std::vector<int64_t>& shape() const { return facts_.shape; }
  const CompanionFacts& facts() const { return facts_; }
  /// Whether a row was ever written. Throws DataError if the file cannot be read.
  bool has(uint64_t row) const;
  /// A row into `values`, as what was drawn for its picture of `size` pixels makes it: a crop is resized back by
  /// interpolation between the four nearest values, then mirrored. Throws DataError for a row that is empty or damaged.
  void read(uint64_t row, const Augmentation& drawn, int64_t size, uint16_t* values) const;

 private:
  CompanionFacts facts_;
  std::filesystem::path path_;
  Descriptor file_;
};

inline constexpr const char* kCompanionFile = "companion.bin";
inline constexpr const char* kCompanionFacts = "companion.json";

}  // namespace realface::data
