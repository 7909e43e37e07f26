#include "data/shards/reader.h"

#include <algorithm>

#include "base/crc32c.h"
#include "base/error.h"
#include "data/shards/columns.h"
#include "data/shards/hdf5.h"

namespace realface::data {
namespace fs = std::filesystem;
namespace {

/// One open file, for as long as its metadata is read; under the lock from first to last.
class Reading {
 public:
  explicit Reading(Shard& shard);
  void read();

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw DataError("[" + shard_.path.string() + "] " + what + kCopyAgain);
  }
  void read_header();
  void read_names(const char* path, std::vector<std::string>& names);
  void read_attribute(const char* name, std::string& value);
  void read_attribute(const char* name, int64_t& value) { read_attribute(file_, name, value); }
  void read_attribute(hid_t object, const char* name, int64_t& value) {
    read_number(object, name, H5T_INTEGER, H5T_NATIVE_INT64, &value);
  }
  void read_attribute(const char* name, double& value) {
    read_number(file_, name, H5T_FLOAT, H5T_NATIVE_DOUBLE, &value);
  }
  void read_number(hid_t object, const char* name, H5T_class_t kind, hid_t type, void* value);
  void read_constants();
  void read_digest(const char* name, Digest& digest);
  void read_keys();
  H5Id open_attribute(hid_t object, const char* name);
  H5Id open_attribute(const char* name) { return open_attribute(file_, name); }
  H5Id open_dataset(const char* path);
  uint64_t rows_of(const H5Id& dataset, const char* path, const std::vector<uint64_t>& row_shape);
  void place(const char* path, uint64_t& at, uint64_t& bytes);
  template <class Value>
  void read_column(const Column& column, std::vector<Value>& values);

  Shard& shard_;
  Hdf5Lock lock_;
  H5Id file_;
};

H5Id open_file(const fs::path& path) {
  const H5Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, path, "cannot set properties");
  // Lustre and GPFS refuse flock; the files are sealed, so nobody writes.
  h5_check(H5Pset_file_locking(access, false, true), path, "cannot turn file locking off");
  return {H5Fopen(path.c_str(), H5F_ACC_RDONLY, access), H5Fclose, path, "is not a whole HDF5 file"};
}

Reading::Reading(Shard& shard) : shard_(shard) {
  try {
    file_ = open_file(shard.path);
  } catch (const DataError& error) {
    throw DataError(std::string(error.what()) + "; expected a sealed realface shard" + kCopyAgain);
  }
}

H5Id Reading::open_attribute(hid_t object, const char* name) {
  if (H5Aexists(object, name) <= 0) {
    refuse(std::string("has no attribute ") + name + "; expected a sealed realface shard");
  }
  return {H5Aopen(object, name, H5P_DEFAULT), H5Aclose, shard_.path, std::string("cannot read attribute ") + name};
}

void Reading::read_attribute(const char* name, std::string& value) {
  const H5Id attribute = open_attribute(name);
  const H5Id stored(H5Aget_type(attribute), H5Tclose, shard_.path, "cannot read an attribute");
  const size_t size = H5Tget_size(stored);
  if (H5Tget_class(stored) != H5T_STRING || H5Tis_variable_str(stored) > 0 || size > 1 << 20 ||
      H5Aget_storage_size(attribute) != size) {
    refuse(std::string("attribute ") + name + " is not a fixed text");
  }
  std::string text(size, '\0');
  h5_check(H5Aread(attribute, text_type(size, shard_.path), text.data()), shard_.path,
           std::string("cannot read attribute ") + name);
  value = text.substr(0, text.find('\0'));
}

/// H5Aread writes as many numbers as the attribute holds, so it must hold one.
void Reading::read_number(hid_t object, const char* name, H5T_class_t kind, hid_t type, void* value) {
  const H5Id attribute = open_attribute(object, name);
  const H5Id stored(H5Aget_type(attribute), H5Tclose, shard_.path, "cannot read an attribute");
  const H5Id space(H5Aget_space(attribute), H5Sclose, shard_.path, "cannot read an attribute");
  if (H5Tget_class(stored) != kind || H5Sget_simple_extent_npoints(space) != 1) {
    refuse(std::string("attribute ") + name + " is not one number");
  }
  h5_check(H5Aread(attribute, type, value), shard_.path, std::string("cannot read attribute ") + name);
}

void Reading::read_digest(const char* name, Digest& digest) {
  std::string text;
  read_attribute(name, text);
  if (text.size() != 64 || text.find_first_not_of("0123456789abcdef") != std::string::npos) {
    refuse(std::string("attribute ") + name + " is not a SHA-256");
  }
  for (size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<uint8_t>(std::stoi(text.substr(2 * i, 2), nullptr, 16));
  }
}

/// What the schema leaves no choice in: other values are another layout of the same bytes.
void Reading::read_constants() {
  int64_t channels = 0;
  std::string order, centre;
  read_attribute("channels", channels);
  read_attribute("colour_order", order);
  read_attribute("pixel_centre", centre);
  if (channels != kShardChannels || order != kShardColours || centre != kShardPixelCentre) {
    refuse("holds " + std::to_string(channels) + " channels, " + order + ", pixel centres at " + centre +
           "; expected " + std::to_string(kShardChannels) + ", " + kShardColours + ", " + kShardPixelCentre);
  }
}

void Reading::read_header() {
  std::string schema, codec, params;
  int64_t major = 0, sealed = 0;
  read_attribute("schema", schema);
  if (schema != kShardSchema) { refuse("holds '" + schema + "'; expected '" + std::string(kShardSchema) + "'"); }
  read_attribute("schema_major", major);
  if (major != kShardMajor) {
    throw DataError("[" + shard_.path.string() + "] has schema version " + std::to_string(major) +
                    "; this program reads " + std::to_string(kShardMajor) +
                    "; use the realface that wrote it, or make it again with `realface preprocess`");
  }
  if (H5Aexists(file_, "sealed") > 0) { read_attribute("sealed", sealed); }
  if (sealed != 1) { refuse("is not sealed: its writer was stopped; expected a finished shard"); }
  read_attribute("codec", codec);
  read_attribute("codec_params", params);
  shard_.header.codec = codec_config(codec, params);
  read_constants();
  visit_attributes(shard_.header, [&](const char* name, auto& value) { read_attribute(name, value); });
  for (const int64_t side : {shard_.header.height, shard_.header.width}) {
    if (side < 1 || side > kMaxSide) {
      refuse("has pictures " + std::to_string(side) + " pixels wide or high; expected 1 to " +
             std::to_string(kMaxSide));
    }
  }
  read_digest("index_sha256", shard_.index_sha256);
  read_digest("payload_sha256", shard_.payload_sha256);
}

H5Id Reading::open_dataset(const char* path) {
  return {H5Dopen2(file_, path, H5P_DEFAULT), H5Dclose, shard_.path, std::string("cannot open ") + path};
}

/// Rows of a dataset whose other sides must be `row_shape`. A claim beyond the file's own size is refused, so that
/// nobody allocates for it.
uint64_t Reading::rows_of(const H5Id& dataset, const char* path, const std::vector<uint64_t>& row_shape) {
  const H5Id space(H5Dget_space(dataset), H5Sclose, shard_.path, "cannot read a shape");
  const int rank = H5Sget_simple_extent_ndims(space);
  std::vector<hsize_t> sides(static_cast<size_t>(std::max(rank, 1)));
  h5_check(H5Sget_simple_extent_dims(space, sides.data(), nullptr), shard_.path, "cannot read a shape");
  if (rank < 1 || !std::equal(sides.begin() + 1, sides.end(), row_shape.begin(), row_shape.end())) {
    refuse(std::string(path) + " has another shape than the schema's");
  }
  if (sides[0] > static_cast<uint64_t>(shard_.bytes)) {
    refuse(std::string(path) + " claims " + std::to_string(sides[0]) + " rows in a file of " +
           std::to_string(shard_.bytes) + " bytes");
  }
  return sides[0];
}

template <class Value>
void Reading::read_column(const Column& column, std::vector<Value>& values) {
  if (column.optional && H5Lexists(file_, column.path, H5P_DEFAULT) <= 0) { return; }
  const H5Id dataset = open_dataset(column.path);
  const uint64_t rows = rows_of(dataset, column.path, column.row_shape);
  const uint64_t count = rows * column.row_size();
  if (count * sizeof(Value) > static_cast<uint64_t>(shard_.bytes)) {
    refuse(std::string(column.path) + " is larger than its file");
  }
  values.resize(count);
  if (count > 0) {
    h5_check(H5Dread(dataset, H5Type<Value>::memory(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), shard_.path,
             std::string("cannot read ") + column.path);
  }
  int64_t expected = -1;
  read_attribute(dataset, kColumnCrc, expected);
  const uint32_t found = crc32c(values.data(), count * sizeof(Value));
  if (found != expected) {
    refuse(std::string(column.path) + " is damaged: CRC32C " + std::to_string(found) + " found, " +
           std::to_string(expected) + " expected");
  }
}

void Reading::read_names(const char* path, std::vector<std::string>& names) {
  const H5Id dataset = open_dataset(path);
  const H5Id stored(H5Dget_type(dataset), H5Tclose, shard_.path, "cannot read names");
  const size_t size = H5Tget_size(stored);
  const uint64_t rows = rows_of(dataset, path, {});
  if (H5Tget_class(stored) != H5T_STRING || H5Tis_variable_str(stored) > 0 || size > 4096 || rows > 32767) {
    refuse(std::string(path) + " is not a table of names");
  }
  std::string bytes(size * rows, '\0');
  if (rows > 0) {
    h5_check(H5Dread(dataset, text_type(size, shard_.path), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()), shard_.path,
             "cannot read names");
  }
  names.clear();
  for (uint64_t row = 0; row < rows; ++row) {
    const std::string text = bytes.substr(row * size, size);
    names.push_back(text.substr(0, text.find('\0')));
  }
}

/// Where a blob lies, for pread. An empty dataset has no place.
void Reading::place(const char* path, uint64_t& at, uint64_t& bytes) {
  const H5Id dataset = open_dataset(path);
  const H5Id creation(H5Dget_create_plist(dataset), H5Pclose, shard_.path, "cannot read a layout");
  const H5Id space(H5Dget_space(dataset), H5Sclose, shard_.path, "cannot read a shape");
  const H5Id type(H5Dget_type(dataset), H5Tclose, shard_.path, "cannot read a type");
  const hssize_t points = H5Sget_simple_extent_npoints(space);
  if (H5Pget_layout(creation) != H5D_CONTIGUOUS || points < 0) { refuse(std::string(path) + " is not contiguous"); }
  bytes = static_cast<uint64_t>(points) * H5Tget_size(type);
  const haddr_t address = H5Dget_offset(dataset);
  at = bytes == 0 ? 0 : address;
  const auto end = static_cast<uint64_t>(shard_.bytes);
  if (bytes > 0 && (address == HADDR_UNDEF || address > end || bytes > end - address)) {
    refuse(std::string(path) + " of " + std::to_string(bytes) + " bytes reaches over the end of the file, which has " +
           std::to_string(end));
  }
}

void Reading::read() {
  read_header();
  visit_names(shard_.header.names, [&](const char* path, auto& names) { read_names(path, names); });
  visit_columns(shard_.index, [&](const Column& column, auto& values) {
    if (shard_.complete || for_training(column)) { read_column(column, values); }
  });
  if (shard_.complete) { read_keys(); }
  uint64_t landmark_bytes = 0;
  place(kFrameBlobPath, shard_.blob_at, shard_.blob_bytes);
  place(kMaskBlobPath, shard_.mask_at, shard_.mask_bytes);
  place("/frames/landmarks", shard_.landmarks_at, landmark_bytes);
  if (landmark_bytes != static_cast<uint64_t>(shard_.index.frames()) * 136 * sizeof(float)) {
    refuse("/frames/landmarks has another shape than the schema's");
  }
}

void Reading::read_keys() {
  const H5Id keys = open_dataset(kKeyPath);
  const H5Id stored(H5Dget_type(keys), H5Tclose, shard_.path, "cannot read the keys");
  const uint64_t rows = rows_of(keys, kKeyPath, {});
  if (H5Tget_size(stored) != kKeyBytes || rows != static_cast<uint64_t>(shard_.index.videos())) {
    refuse(std::string(kKeyPath) + " has another shape than the schema's");
  }
  shard_.index.key.resize(rows * kKeyBytes);
  if (rows > 0) {
    h5_check(H5Dread(keys, text_type(kKeyBytes, shard_.path), H5S_ALL, H5S_ALL, H5P_DEFAULT, shard_.index.key.data()),
             shard_.path, "cannot read the keys");
  }
}

Shard open_as(const fs::path& path, bool complete) {
  Shard shard;
  shard.path = path;
  shard.bytes = PositionedFile(path).size();
  shard.complete = complete;
  Reading(shard).read();
  check_index(shard);
  return shard;
}

}  // namespace

Shard open_shard(const fs::path& path) { return open_as(path, true); }

Shard open_training_index(const fs::path& path) { return open_as(path, false); }

}  // namespace realface::data
