#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/codec/codec.h"
#include "data/shards/records.h"

/// What a shard file holds besides its pixels (docs/shards.md): the same structs serve writer, reader and digests.
namespace realface::data {

inline constexpr const char* kShardSchema = "realface.shard";
inline constexpr int64_t kShardChannels = 3;
inline constexpr const char* kShardColours = "RGB";
inline constexpr const char* kShardPixelCentre = "integers";
inline constexpr int64_t kShardMajor = 1;            // a reader refuses another one
inline constexpr int64_t kShardMinor = 1;            // a reader ignores another one
inline constexpr const char* kColumnCrc = "crc32c";  // attribute of each index array: of its bytes, little endian
inline constexpr size_t kKeyBytes = 64;              // of /videos/key, with at least one zero at the end

/// Id -> name of a manipulation, dataset or compression. The same in every shard of a dataset, known from the plan.
struct NameTables {
  std::vector<std::string> manip, dataset, compression;
  bool operator==(const NameTables&) const = default;
};

/// The root attributes. Nothing that differs between two runs of one plan belongs here: no host, time, rank count or
/// path.
struct ShardHeader {
  CodecConfig codec;
  int64_t height = 224, width = 224;
  std::string split = "train";
  int64_t shard_id = 0, n_shards = 1;
  std::string matrix = "stream";  // how YUV became RGB: matrix and range
  std::string crop;               // alignment template: "clip" (one box a video) or "frame", and what else describes it
  double margin = 1.3;            // side of the crop over side of the detector's box
  std::string detector;           // name and version
  std::string landmark_model_sha256;
  std::string libraries;      // versions that the pixels depend on
  std::string code_version;   // git commit
  std::string config_digest;  // SHA-256, hex, of the preprocessing configuration
  std::string plan_digest;    // SHA-256, hex, of the plan; the same in the manifest
  NameTables names;
};

/// The sizes of a shard, known before its first byte is written, since contiguous datasets cannot grow.
struct ShardTotals {
  int64_t frames = 0, videos = 0, blob_bytes = 0, mask_bytes = 0, segments = 0;
  bool operator==(const ShardTotals&) const = default;

  /// Counts one video in: the totals of a shard are those of its videos.
  void count(const VideoRecord& video);
};

/// Every array of the shard besides the two blobs, as stored: N frames, V videos, S segments.
struct ShardIndex {
  std::vector<uint64_t> frame_offset;                       // [N+1]
  std::vector<uint32_t> crc32c;                             // [N]
  std::vector<int64_t> pts_us;                              // [N]
  std::vector<int32_t> src_index;                           // [N]
  std::vector<int8_t> label;                                // [N]
  std::vector<float> landmarks, affine, bbox, score;        // [N,68,2] [N,2,3] [N,4] [N]
  std::vector<uint32_t> landmarks_crc32c;                   // [N] of a frame's landmarks, as stored
  std::vector<uint32_t> flags;                              // [N]
  std::vector<uint64_t> mask_offset;                        // [N+1]
  std::vector<uint64_t> first;                              // [V+1] into frames
  std::vector<int8_t> video_label;                          // [V]
  std::vector<int16_t> manip, dataset, compression;         // [V] into the name tables
  std::vector<int32_t> identity, partner;                   // [V]
  std::vector<int64_t> group;                               // [V]
  std::vector<char> key;                                    // [V] of 64 bytes
  std::vector<uint8_t> source_sha256;                       // [V,32]
  std::vector<float> fps;                                   // [V]
  std::vector<int32_t> n_src, source_width, source_height;  // [V]
  std::vector<int16_t> status;                              // [V]
  std::vector<int64_t> source_bytes;                        // [V], since minor 1; empty where the shard lacks it
  std::vector<int8_t> mask_source;                          // [V], since minor 1; empty where the shard lacks it
  std::vector<uint64_t> seg_offset;                         // [V+1] into segments
  std::vector<int32_t> seg_range;                           // [S,2]
  std::vector<int8_t> seg_label;                            // [S]

  int64_t frames() const { return static_cast<int64_t>(crc32c.size()); }
  int64_t videos() const { return static_cast<int64_t>(video_label.size()); }
  std::string key_of(int64_t video) const;
};

/// SHA-256 over header, name tables and index arrays: changes with every byte that is not a pixel.
Digest index_digest(const ShardHeader& header, const ShardIndex& index);

/// The digest of a whole shard, from those of its index and of its payload.
std::string shard_digest(const Digest& index, const Digest& payload);

}  // namespace realface::data
