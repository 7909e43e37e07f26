#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/manifest.h"
#include "data/shard_reader.h"
#include "distributed/communicator.h"

namespace realface::data {

/// What reading frames needs of one shard: about 13 bytes a frame.
struct FrameTable {
  std::string name;
  uint64_t blob_at = 0, landmarks_at = 0;
  std::vector<uint64_t> offset;  // [N+1]
  std::vector<uint32_t> crc32c;  // [N]
  std::vector<int8_t> label;     // [N]
  PositionedFile file;

  std::string pack() const;
  static FrameTable unpack(const std::string& bytes);
};

/// The shards of a folder, opened for reading by many threads. Immutable once open.
class Dataset {
 public:
  /// Opens the shards of the named splits ("all": every one). The ranks share the work of reading and checking the
  /// indices, then tell one another. Collective over the host group; an error of one rank is everybody's.
  static std::shared_ptr<const Dataset> open(const std::string& folder, const std::vector<std::string>& splits,
                                             distributed::Communicator& group);

  const Manifest& manifest() const { return manifest_; }
  const std::string& digest() const { return digest_; }
  /// Global numbers of the frames of a split ("all") with a label ("real", "fake", "any"): a frame's number is its
  /// place in the whole dataset, shard after shard as the manifest lists them. Throws ConfigError for other words,
  /// DataError where there is none.
  std::vector<uint64_t> select(const std::string& split, const std::string& label) const;

  struct Place {
    const FrameTable* table;
    size_t frame;
  };
  /// Where a frame of an opened split lies.
  Place find(uint64_t number) const;

 private:
  Manifest manifest_;
  std::string digest_;
  std::vector<uint64_t> first_;                      // of each shard of the manifest, and the end
  std::vector<std::unique_ptr<FrameTable>> tables_;  // null: of another split
};

}  // namespace realface::data
