#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "data/shards/manifest.h"
#include "data/shards/reader.h"
#include "distributed/communicator.h"
#include "distributed/node_block.h"

namespace realface::data {

/// What training needs of one shard: 25 bytes a frame and 13 a video, in memory that all ranks of a node share. Written
/// before Dataset::open returns, and never again.
struct ShardTable {
  static constexpr size_t kLandmarkBytes = 68 * 2 * sizeof(float);  // of a frame

  std::span<uint64_t> places;                    // of the frames' bytes, the landmarks and the masks' bytes in the file
  std::span<uint64_t> offset, mask_offset;       // [N+1] into the frames' bytes, into the masks'
  std::span<uint64_t> first;                     // [V+1] into the frames
  std::span<uint32_t> crc32c, landmarks_crc32c;  // [N]
  std::span<int16_t> manip, dataset;             // [V] into the manifest's names
  std::span<int8_t> label, video_label;          // [N], [V]

  uint64_t blob_at() const { return places[0]; }
  uint64_t landmarks_at(uint64_t frame) const { return places[1] + frame * kLandmarkBytes; }
  uint64_t mask_at(uint64_t frame) const { return places[2] + mask_offset[frame]; }
  uint64_t mask_bytes(uint64_t frame) const { return mask_offset[frame + 1] - mask_offset[frame]; }  // 0: it has none
  uint64_t frames() const { return label.size(); }
  uint64_t videos() const { return video_label.size(); }
};

/// Bytes [begin, end) of a shard's file.
struct FileRange {
  size_t shard = 0;
  uint64_t begin = 0, end = 0;
  size_t size() const { return end - begin; }
};

/// The shards of one folder or several, opened for reading by many threads. Immutable once open.
class Dataset {
 public:
  /// Opens the shards of the named splits ("all": every one). The ranks that share a block of `make_block` share the
  /// work of reading and checking the indices. Collective over the host group; an error of one rank is everybody's.
  static std::shared_ptr<const Dataset> open(const Folders& folders, const std::vector<std::string>& splits,
                                             distributed::Communicator& group,
                                             const distributed::BlockMaker& make_block = distributed::own_block);

  const Manifest& manifest() const { return manifest_; }
  const std::string& digest() const { return digest_; }
  /// Bytes of the index, once a node.
  size_t index_bytes() const { return index_bytes_; }

  /// An opened shard, or null where it is of another split.
  const ShardTable* table(size_t shard) const { return opened_[shard] ? &tables_[shard] : nullptr; }
  /// The number of a shard's first frame: a frame's number is its place in the whole dataset, shard after shard as the
  /// manifest lists them, whatever splits are open.
  uint64_t first_frame(size_t shard) const { return first_[shard]; }

  struct Place {
    size_t shard = 0, frame = 0;
    bool operator==(const Place&) const = default;
  };
  /// Where a frame lies. Its shard must be open.
  Place find(uint64_t number) const;
  /// The encoded bytes of a frame. Its shard must be open.
  FileRange range_of(uint64_t number) const;
  const PositionedFile& file(size_t shard) const { return files_[shard]; }
  const std::string& name(size_t shard) const { return manifest_.shards[shard].name; }

 private:
  void carve(std::byte* base);
  void fill(const distributed::NodeBlock& block);
  void open_files();

  Manifest manifest_;
  std::string digest_;
  std::vector<uint64_t> first_;  // of each shard of the manifest, and the end
  std::vector<bool> opened_;     // by shard, as are the tables and the files
  std::vector<ShardTable> tables_;
  std::vector<PositionedFile> files_;
  std::shared_ptr<std::byte> index_;
  size_t index_bytes_ = 0;
};

}  // namespace realface::data
