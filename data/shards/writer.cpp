#include "data/shards/writer.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/atomic_file.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "data/shards/builder.h"
#include "data/shards/reader.h"

namespace realface::data {
namespace fs = std::filesystem;

struct ShardWriter::Members {
  fs::path path, temporary;
  ShardHeader header;
  ShardTotals announced, added;
  ShardIndex index;
  Sha256 frames_sha, masks_sha;
  std::optional<ShardBuilder> file;
  bool sealed = false;

  void add_video(const VideoRecord& video);
  void add_frames(const VideoRecord& video);
  int16_t id_of(const std::vector<std::string>& names, const std::string& name, const char* table) const;
  [[noreturn]] void refuse(const std::string& what) const { throw DataError("[" + path.string() + "] " + what); }
};

namespace {

template <class Values>
void append(std::vector<typename Values::value_type>& to, const Values& values) {
  to.insert(to.end(), values.begin(), values.end());
}

std::string describe(const ShardTotals& totals) {
  return std::to_string(totals.videos) + " videos, " + std::to_string(totals.frames) + " frames, " +
         std::to_string(totals.segments) + " segments, " + std::to_string(totals.blob_bytes) + " bytes of frames, " +
         std::to_string(totals.mask_bytes) + " bytes of masks";
}

bool exceeds(const ShardTotals& a, const ShardTotals& b) {
  return a.videos > b.videos || a.frames > b.frames || a.segments > b.segments || a.blob_bytes > b.blob_bytes ||
         a.mask_bytes > b.mask_bytes;
}

}  // namespace

int16_t ShardWriter::Members::id_of(const std::vector<std::string>& names, const std::string& name,
                                    const char* table) const {
  if (name.empty()) { return -1; }
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    refuse("a video's " + std::string(table) + " '" + name + "' is not in the table of names");
  }
  return static_cast<int16_t>(found - names.begin());
}

void ShardWriter::Members::add_video(const VideoRecord& video) {
  if (video.key.size() >= kKeyBytes) {
    refuse("the key '" + video.key + "' has " + std::to_string(video.key.size()) + " bytes; at most " +
           std::to_string(kKeyBytes - 1) + " fit");
  }
  // All that can be refused comes before the first change, so that a refused video leaves no trace.
  const int16_t manip = id_of(header.names.manip, video.manip, "manipulation");
  const int16_t dataset = id_of(header.names.dataset, video.dataset, "dataset");
  const int16_t compression = id_of(header.names.compression, video.compression, "compression");
  index.first.push_back(static_cast<uint64_t>(added.frames));
  index.seg_offset.push_back(static_cast<uint64_t>(added.segments));
  index.video_label.push_back(video.label);
  index.manip.push_back(manip);
  index.dataset.push_back(dataset);
  index.compression.push_back(compression);
  index.identity.push_back(video.identity);
  index.partner.push_back(video.partner);
  index.group.push_back(video.group);
  std::string key = video.key;
  key.resize(kKeyBytes, '\0');
  append(index.key, key);
  append(index.source_sha256, video.source_sha256);
  index.fps.push_back(video.fps);
  index.n_src.push_back(video.n_src);
  index.source_width.push_back(video.width);
  index.source_height.push_back(video.height);
  index.status.push_back(static_cast<int16_t>(video.status));
  index.source_bytes.push_back(video.source_bytes);
  index.mask_source.push_back(static_cast<int8_t>(video.mask_source));
  for (const Segment& segment : video.segments) {
    append(index.seg_range, std::array{segment.first, segment.last});
    index.seg_label.push_back(segment.label);
  }
}

void ShardWriter::Members::add_frames(const VideoRecord& video) {
  uint64_t blob_end = static_cast<uint64_t>(added.blob_bytes), mask_end = static_cast<uint64_t>(added.mask_bytes);
  std::string blobs, masks;
  for (const FrameRecord& frame : video.frames) {
    index.frame_offset.push_back(blob_end);
    index.mask_offset.push_back(mask_end);
    blob_end += frame.blob.size();
    mask_end += frame.mask.size();
    blobs += frame.blob;
    masks += frame.mask;
    index.crc32c.push_back(crc32c(frame.blob.data(), frame.blob.size()));
    index.pts_us.push_back(frame.pts_us);
    index.src_index.push_back(frame.src_index);
    index.label.push_back(frame.label);
    append(index.landmarks, frame.landmarks);
    index.landmarks_crc32c.push_back(crc32c(frame.landmarks.data(), sizeof frame.landmarks));
    append(index.affine, frame.affine);
    append(index.bbox, frame.bbox);
    index.score.push_back(frame.score);
    index.flags.push_back(frame.flags);
  }
  frames_sha.update(blobs);
  masks_sha.update(masks);
  file->write_frames(static_cast<uint64_t>(added.blob_bytes), blobs);
  file->write_masks(static_cast<uint64_t>(added.mask_bytes), masks);
}

ShardWriter::ShardWriter(const fs::path& path, const ShardHeader& header, const ShardTotals& totals)
    : members_(std::make_unique<Members>()) {
  members_->path = path;
  members_->temporary = path.string() + ".tmp";
  members_->header = header;
  members_->announced = totals;
  members_->file.emplace(members_->temporary, header, totals);
}

ShardWriter::~ShardWriter() {
  if (members_->sealed) { return; }
  members_->file.reset();
  std::error_code ignored;
  fs::remove(members_->temporary, ignored);
}

void ShardWriter::add(const VideoRecord& video) {
  ShardTotals after = members_->added;
  after.count(video);
  if (exceeds(after, members_->announced)) {
    members_->refuse("more was added than announced: " + describe(after) +
                     "; announced: " + describe(members_->announced));
  }
  members_->add_video(video);
  members_->add_frames(video);
  members_->added = after;
}

ShardEntry ShardWriter::seal() {
  Members& m = *members_;
  if (!(m.added == m.announced)) { m.refuse("holds " + describe(m.added) + "; announced: " + describe(m.announced)); }
  m.index.frame_offset.push_back(static_cast<uint64_t>(m.added.blob_bytes));
  m.index.mask_offset.push_back(static_cast<uint64_t>(m.added.mask_bytes));
  m.index.first.push_back(static_cast<uint64_t>(m.added.frames));
  m.index.seg_offset.push_back(static_cast<uint64_t>(m.added.segments));
  Sha256 payload;
  for (Sha256* part : {&m.frames_sha, &m.masks_sha}) {
    const Digest digest = part->finish();
    payload.update(digest.data(), digest.size());
  }
  m.file->finish(m.index, index_digest(m.header, m.index), payload.finish());
  m.file.reset();

  // Read back through the front door: what cannot be read here must not be found out in training.
  Shard written = open_shard(m.temporary);
  if (const auto faults = verify_payload(written); !faults.empty()) {
    m.refuse("what was written does not read back: " + faults.front() + "; check the disk");
  }
  publish_rename(m.temporary, m.path);
  m.sealed = true;
  written.path = m.path;
  return written.entry();
}

}  // namespace realface::data
