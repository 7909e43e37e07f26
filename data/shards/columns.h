#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/shards/format.h"

/// The one description of a shard's attributes and arrays, which writer, reader and digest walk. Internal to data/.
namespace realface::data {

/// What the rows of an array belong to; `+1` rows for offsets.
enum class Rows { frames, frame_offsets, videos, video_offsets, segments };

struct Column {
  const char* path;
  Rows rows;
  std::vector<uint64_t> row_shape;  // of one row; {} for a number
  bool optional = false;            // of a later minor version: an older shard has none, and its vector is empty

  uint64_t row_size() const {
    uint64_t size = 1;
    for (const uint64_t side : row_shape) { size *= side; }
    return size;
  }
};

/// Whether training needs the array: what says where each frame lies, and what it is. The rest is for people and tools.
inline bool for_training(const Column& column) {
  for (const std::string_view path :
       {"/frames/offset", "/frames/crc32c", "/frames/label", "/frames/landmarks_crc32c", "/masks/offset",
        "/videos/first", "/videos/label", "/videos/manip", "/videos/dataset"}) {
    if (path == column.path) { return true; }
  }
  return false;
}

/// Calls visit(column, vector) for every array but the keys, which are text, and the blobs.
template <class Index, class Visit>
void visit_columns(Index& index, Visit&& visit) {
  visit(Column{"/frames/offset", Rows::frame_offsets, {}}, index.frame_offset);
  visit(Column{"/frames/crc32c", Rows::frames, {}}, index.crc32c);
  visit(Column{"/frames/pts_us", Rows::frames, {}}, index.pts_us);
  visit(Column{"/frames/src_index", Rows::frames, {}}, index.src_index);
  visit(Column{"/frames/label", Rows::frames, {}}, index.label);
  visit(Column{"/frames/landmarks", Rows::frames, {68, 2}}, index.landmarks);
  visit(Column{"/frames/landmarks_crc32c", Rows::frames, {}}, index.landmarks_crc32c);
  visit(Column{"/frames/affine", Rows::frames, {2, 3}}, index.affine);
  visit(Column{"/frames/bbox", Rows::frames, {4}}, index.bbox);
  visit(Column{"/frames/score", Rows::frames, {}}, index.score);
  visit(Column{"/frames/flags", Rows::frames, {}}, index.flags);
  visit(Column{"/masks/offset", Rows::frame_offsets, {}}, index.mask_offset);
  visit(Column{"/videos/first", Rows::video_offsets, {}}, index.first);
  visit(Column{"/videos/label", Rows::videos, {}}, index.video_label);
  visit(Column{"/videos/manip", Rows::videos, {}}, index.manip);
  visit(Column{"/videos/dataset", Rows::videos, {}}, index.dataset);
  visit(Column{"/videos/compression", Rows::videos, {}}, index.compression);
  visit(Column{"/videos/identity", Rows::videos, {}}, index.identity);
  visit(Column{"/videos/partner", Rows::videos, {}}, index.partner);
  visit(Column{"/videos/group", Rows::videos, {}}, index.group);
  visit(Column{"/videos/source_sha256", Rows::videos, {32}}, index.source_sha256);
  visit(Column{"/videos/fps", Rows::videos, {}}, index.fps);
  visit(Column{"/videos/n_src", Rows::videos, {}}, index.n_src);
  visit(Column{"/videos/width", Rows::videos, {}}, index.source_width);
  visit(Column{"/videos/height", Rows::videos, {}}, index.source_height);
  visit(Column{"/videos/status", Rows::videos, {}}, index.status);
  visit(Column{"/videos/source_bytes", Rows::videos, {}, true}, index.source_bytes);
  visit(Column{"/videos/mask_source", Rows::videos, {}, true}, index.mask_source);
  visit(Column{"/videos/seg_offset", Rows::video_offsets, {}}, index.seg_offset);
  visit(Column{"/segments/range", Rows::segments, {2}}, index.seg_range);
  visit(Column{"/segments/label", Rows::segments, {}}, index.seg_label);
}

inline constexpr const char* kKeyPath = "/videos/key";
inline constexpr const char* kFrameBlobPath = "/frames/blob";
inline constexpr const char* kMaskBlobPath = "/masks/blob";

/// Calls visit(path, names) for the three name tables.
template <class Names, class Visit>
void visit_names(Names& names, Visit&& visit) {
  visit("/names/manip", names.manip);
  visit("/names/dataset", names.dataset);
  visit("/names/compression", names.compression);
}

/// Calls visit(name, value) for every root attribute that differs between datasets: texts, whole numbers, one real.
template <class Header, class Visit>
void visit_attributes(Header& header, Visit&& visit) {
  visit("height", header.height);
  visit("width", header.width);
  visit("split", header.split);
  visit("shard_id", header.shard_id);
  visit("n_shards", header.n_shards);
  visit("yuv_matrix_range", header.matrix);
  visit("alignment_template", header.crop);
  visit("margin", header.margin);
  visit("detector", header.detector);
  visit("landmark_model_sha256", header.landmark_model_sha256);
  visit("libraries", header.libraries);
  visit("git_commit", header.code_version);
  visit("config_digest", header.config_digest);
  visit("plan_digest", header.plan_digest);
}

}  // namespace realface::data
