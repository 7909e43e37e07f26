#pragma once

#include <filesystem>
#include <string>

#include "data/shards/format.h"
#include "data/shards/hdf5.h"

namespace realface::data {

/// The HDF5 side of ShardWriter: a file with every group, dataset and attribute in place, then filled. Each call takes
/// the HDF5 lock. Internal to data/.
class ShardBuilder {
 public:
  ShardBuilder(const std::filesystem::path& path, const ShardHeader& header, const ShardTotals& totals);
  ~ShardBuilder();
  ShardBuilder(const ShardBuilder&) = delete;
  ShardBuilder& operator=(const ShardBuilder&) = delete;

  void write_frames(uint64_t position, const std::string& bytes) { write_bytes(frames_, position, bytes); }
  void write_masks(uint64_t position, const std::string& bytes) { write_bytes(masks_, position, bytes); }
  /// Writes the index, the digests and, last, the seal; closes the file.
  void finish(const ShardIndex& index, const Digest& index_sha256, const Digest& payload_sha256);

 private:
  void make_datasets(const ShardTotals& totals);
  void write_header(const ShardHeader& header);
  void write_names(const char* name, const std::vector<std::string>& names);
  H5Id make_dataset(const char* path, hid_t type, const std::vector<hsize_t>& shape);
  void write_bytes(const H5Id& dataset, uint64_t position, const std::string& bytes);
  void write_attribute(const char* name, const std::string& value);
  void write_attribute(const char* name, int64_t value) { write_attribute(file_, name, value); }
  void write_attribute(hid_t object, const char* name, int64_t value);
  void write_attribute(const char* name, double value);

  std::filesystem::path path_;
  H5Id file_, frames_, masks_;
};

}  // namespace realface::data
