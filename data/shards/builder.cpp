#include "data/shards/builder.h"

#include <algorithm>

#include "base/crc32c.h"
#include "base/error.h"
#include "data/shards/columns.h"

namespace realface::data {
namespace fs = std::filesystem;
namespace {

constexpr hsize_t kAlignFrom = 64 * 1024, kAlignTo = 4096;
constexpr int64_t kIndexBytesPerFrame = 768;  // landmarks and the rest, for the check of free space

void require_room(const fs::path& path, const ShardTotals& totals) {
  std::error_code error;
  const fs::space_info space = fs::space(path.has_parent_path() ? path.parent_path() : fs::path("."), error);
  if (error) { throw Error("[" + path.string() + "] its folder cannot be used: " + error.message()); }
  const int64_t need = totals.blob_bytes + totals.mask_bytes + totals.frames * kIndexBytesPerFrame + (1 << 20);
  if (static_cast<int64_t>(space.available) < need) {
    throw Error("[" + path.string() + "] no space left on the disk: " + std::to_string(space.available) +
                " bytes free, " + std::to_string(need) + " needed; free some space there or write somewhere else");
  }
}

/// Creation properties without times, which would make equal shards differ.
H5Id timeless(hid_t kind, const fs::path& path) {
  H5Id properties(H5Pcreate(kind), H5Pclose, path, "cannot set properties");
  h5_check(H5Pset_obj_track_times(properties, false), path, "cannot set properties");
  return properties;
}

H5Id create_file(const fs::path& path) {
  const H5Id creation = timeless(H5P_FILE_CREATE, path);
  const H5Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, path, "cannot set properties");
  h5_check(H5Pset_alignment(access, kAlignFrom, kAlignTo), path, "cannot set the alignment");
  h5_check(H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110), path, "cannot set the format version");
  h5_check(H5Pset_file_locking(access, false, true), path, "cannot turn file locking off");
  return {H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation, access), H5Fclose, path, "cannot be created"};
}

hsize_t rows_of(Rows rows, const ShardTotals& totals) {
  switch (rows) {
    case Rows::frames:
      return static_cast<hsize_t>(totals.frames);
    case Rows::frame_offsets:
      return static_cast<hsize_t>(totals.frames) + 1;
    case Rows::videos:
      return static_cast<hsize_t>(totals.videos);
    case Rows::video_offsets:
      return static_cast<hsize_t>(totals.videos) + 1;
    case Rows::segments:
      return static_cast<hsize_t>(totals.segments);
  }
  return 0;
}

}  // namespace

ShardBuilder::ShardBuilder(const fs::path& path, const ShardHeader& header, const ShardTotals& totals) : path_(path) {
  require_room(path, totals);
  const Hdf5Lock lock;
  try {
    file_ = create_file(path);
    for (const char* group : {"frames", "masks", "videos", "segments", "names"}) {
      const H5Id creation = timeless(H5P_GROUP_CREATE, path_);
      H5Id(H5Gcreate2(file_, group, H5P_DEFAULT, creation, H5P_DEFAULT), H5Gclose, path_, "cannot make a group");
    }
    write_header(header);
    visit_names(header.names, [&](const char* name, const auto& names) { write_names(name, names); });
    make_datasets(totals);
  } catch (...) {
    masks_.release();
    frames_.release();
    file_.release();
    throw;
  }
}

ShardBuilder::~ShardBuilder() {
  const Hdf5Lock lock;
  masks_.release();
  frames_.release();
  file_.release();
}

void ShardBuilder::make_datasets(const ShardTotals& totals) {
  const ShardIndex types;
  visit_columns(types, [&](const Column& column, const auto& values) {
    using Value = typename std::decay_t<decltype(values)>::value_type;
    std::vector<hsize_t> shape{rows_of(column.rows, totals)};
    shape.insert(shape.end(), column.row_shape.begin(), column.row_shape.end());
    make_dataset(column.path, H5Type<Value>::file(), shape);
  });
  make_dataset(kKeyPath, text_type(kKeyBytes, path_), {static_cast<hsize_t>(totals.videos)});
  masks_ = make_dataset(kMaskBlobPath, H5T_STD_U8LE, {static_cast<hsize_t>(totals.mask_bytes)});
  frames_ = make_dataset(kFrameBlobPath, H5T_STD_U8LE, {static_cast<hsize_t>(totals.blob_bytes)});
}

H5Id ShardBuilder::make_dataset(const char* path, hid_t type, const std::vector<hsize_t>& shape) {
  const H5Id creation = timeless(H5P_DATASET_CREATE, path_);
  h5_check(H5Pset_layout(creation, H5D_CONTIGUOUS), path_, "cannot set the layout");
  h5_check(H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY), path_, "cannot set the allocation");
  h5_check(H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER), path_, "cannot set the fill time");
  const H5Id space(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr), H5Sclose, path_,
                   "cannot shape a dataset");
  return {H5Dcreate2(file_, path, type, space, H5P_DEFAULT, creation, H5P_DEFAULT), H5Dclose, path_,
          std::string("cannot make ") + path};
}

void ShardBuilder::write_header(const ShardHeader& header) {
  write_attribute("schema", std::string(kShardSchema));
  write_attribute("schema_major", kShardMajor);
  write_attribute("schema_minor", kShardMinor);
  write_attribute("codec", std::string(codec_name(header.codec)));
  write_attribute("codec_params", codec_params(header.codec));
  write_attribute("channels", kShardChannels);
  write_attribute("colour_order", std::string(kShardColours));
  write_attribute("pixel_centre", std::string(kShardPixelCentre));
  visit_attributes(header, [&](const char* name, const auto& value) { write_attribute(name, value); });
}

void ShardBuilder::write_names(const char* name, const std::vector<std::string>& names) {
  size_t longest = 1;
  for (const std::string& text : names) { longest = std::max(longest, text.size()); }
  const H5Id type = text_type(longest, path_);
  const H5Id dataset = make_dataset(name, type, {names.size()});
  std::string bytes;
  for (std::string text : names) {
    text.resize(longest, '\0');
    bytes += text;
  }
  if (!names.empty()) {
    h5_check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()), path_, "cannot write names");
  }
}

void ShardBuilder::write_bytes(const H5Id& dataset, uint64_t position, const std::string& bytes) {
  if (bytes.empty()) { return; }
  const Hdf5Lock lock;
  const hsize_t start = position, count = bytes.size();
  const H5Id target(H5Dget_space(dataset), H5Sclose, path_, "cannot select bytes");
  h5_check(H5Sselect_hyperslab(target, H5S_SELECT_SET, &start, nullptr, &count, nullptr), path_, "cannot select bytes");
  const H5Id source(H5Screate_simple(1, &count, nullptr), H5Sclose, path_, "cannot select bytes");
  h5_check(H5Dwrite(dataset, H5T_NATIVE_UINT8, source, target, H5P_DEFAULT, bytes.data()), path_, "cannot be written");
}

void ShardBuilder::write_attribute(const char* name, const std::string& value) {
  const H5Id type = text_type(std::max<size_t>(value.size(), 1), path_);
  const H5Id space(H5Screate(H5S_SCALAR), H5Sclose, path_, "cannot make an attribute");
  const H5Id attribute(H5Acreate2(file_, name, type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, path_,
                       std::string("cannot make attribute ") + name);
  h5_check(H5Awrite(attribute, type, value.empty() ? "\0" : value.data()), path_, "cannot write an attribute");
}

void ShardBuilder::write_attribute(hid_t object, const char* name, int64_t value) {
  const H5Id space(H5Screate(H5S_SCALAR), H5Sclose, path_, "cannot make an attribute");
  const H5Id attribute(H5Acreate2(object, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, path_,
                       std::string("cannot make attribute ") + name);
  h5_check(H5Awrite(attribute, H5T_NATIVE_INT64, &value), path_, "cannot write an attribute");
}

void ShardBuilder::write_attribute(const char* name, double value) {
  const H5Id space(H5Screate(H5S_SCALAR), H5Sclose, path_, "cannot make an attribute");
  const H5Id attribute(H5Acreate2(file_, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose, path_,
                       std::string("cannot make attribute ") + name);
  h5_check(H5Awrite(attribute, H5T_NATIVE_DOUBLE, &value), path_, "cannot write an attribute");
}

void ShardBuilder::finish(const ShardIndex& index, const Digest& index_sha256, const Digest& payload_sha256) {
  const Hdf5Lock lock;
  const auto write = [&](const char* path, hid_t type, const void* values, size_t count, size_t bytes) {
    const H5Id dataset(H5Dopen2(file_, path, H5P_DEFAULT), H5Dclose, path_, std::string("cannot open ") + path);
    if (count > 0) {
      h5_check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), path_,
               std::string("cannot write ") + path);
    }
    write_attribute(dataset, kColumnCrc, int64_t{crc32c(values, bytes)});
  };
  visit_columns(index, [&](const Column& column, const auto& values) {
    using Value = typename std::decay_t<decltype(values)>::value_type;
    write(column.path, H5Type<Value>::memory(), values.data(), values.size(), values.size() * sizeof(Value));
  });
  write(kKeyPath, text_type(kKeyBytes, path_), index.key.data(), index.key.size(), index.key.size());
  write_attribute("payload_sha256", hex(payload_sha256));
  write_attribute("index_sha256", hex(index_sha256));
  h5_check(H5Fflush(file_, H5F_SCOPE_LOCAL), path_, "cannot be written");
  write_attribute("sealed", int64_t{1});
  masks_.release();
  frames_.release();
  if (!file_.release()) { throw DataError("[" + path_.string() + "] cannot be closed: " + hdf5_message()); }
}

}  // namespace realface::data
