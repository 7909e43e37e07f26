#include <algorithm>

#include "base/crc32c.h"
#include "base/error.h"
#include "data/shards/columns.h"
#include "data/shards/reader.h"

namespace realface::data {
namespace {

constexpr size_t kMaxFaults = 100;

[[noreturn]] void refuse(const Shard& shard, const std::string& what) {
  throw DataError("[" + shard.path.string() + "] " + what + kCopyAgain);
}

void check_counts(const Shard& shard) {
  const auto frames = static_cast<uint64_t>(shard.index.frames()), videos = static_cast<uint64_t>(shard.index.videos()),
             segments = static_cast<uint64_t>(shard.index.seg_label.size());
  visit_columns(shard.index, [&](const Column& column, const auto& values) {
    if ((column.optional && values.empty()) || (!shard.complete && !for_training(column))) { return; }
    uint64_t rows = 0;
    switch (column.rows) {
      case Rows::frames:
        rows = frames;
        break;
      case Rows::frame_offsets:
        rows = frames + 1;
        break;
      case Rows::videos:
        rows = videos;
        break;
      case Rows::video_offsets:
        rows = videos + 1;
        break;
      case Rows::segments:
        rows = segments;
        break;
    }
    if (values.size() != rows * column.row_size()) {
      refuse(shard, std::string(column.path) + " has " + std::to_string(values.size() / column.row_size()) +
                        " rows; expected " + std::to_string(rows));
    }
  });
}

void check_offsets(const Shard& shard, const char* path, const std::vector<uint64_t>& offsets, uint64_t end) {
  if (offsets.empty() || offsets.front() != 0 || offsets.back() != end ||
      !std::is_sorted(offsets.begin(), offsets.end())) {
    refuse(shard, std::string(path) + " does not ascend from 0 to " + std::to_string(end));
  }
}

void check_ids(const Shard& shard, const char* path, const std::vector<int16_t>& ids,
               const std::vector<std::string>& names) {
  for (const int16_t id : ids) {
    if (id < -1 || id >= static_cast<int64_t>(names.size())) {
      refuse(shard, std::string(path) + " holds the id " + std::to_string(id) + "; there are " +
                        std::to_string(names.size()) + " names");
    }
  }
}

/// Losses index with them.
void check_labels(const Shard& shard, const char* path, const std::vector<int8_t>& labels) {
  for (const int8_t label : labels) {
    if (label < -1 || label > 1) {
      refuse(shard, std::string(path) + " holds the label " + std::to_string(label) +
                        "; expected 0 (real), 1 (fake) or -1 (unknown)");
    }
  }
}

std::string numbered(const char* kind, size_t number, const char* what) {
  std::string text = kind;
  text.append(" ").append(std::to_string(number)).append(": ").append(what);
  return text;
}

/// Reads a blob piece by piece, each piece once, and feeds its digest.
class BlobWalk {
 public:
  BlobWalk(const Shard& shard, uint64_t at, const std::vector<uint64_t>& offsets,
           const std::function<void(int64_t)>& progress)
      : file_(shard.path), at_(at), offsets_(offsets), progress_(progress) {}

  template <class Visit>
  Digest run(Visit&& visit) {
    Sha256 sha;
    std::vector<std::byte> piece;
    for (size_t i = 0; i + 1 < offsets_.size(); ++i) {
      piece.resize(offsets_[i + 1] - offsets_[i]);
      if (piece.empty()) { continue; }
      file_.read(at_ + offsets_[i], piece.data(), piece.size());
      sha.update(piece.data(), piece.size());
      visit(i, std::span<const std::byte>(piece));
      if (progress_) { progress_(static_cast<int64_t>(piece.size())); }
    }
    return sha.finish();
  }

 private:
  PositionedFile file_;
  uint64_t at_;
  const std::vector<uint64_t>& offsets_;
  const std::function<void(int64_t)>& progress_;
};

}  // namespace

void check_index(const Shard& shard) {
  const ShardHeader& header = shard.header;
  const ShardIndex& index = shard.index;
  check_counts(shard);
  check_offsets(shard, "/frames/offset", index.frame_offset, shard.blob_bytes);
  check_offsets(shard, "/masks/offset", index.mask_offset, shard.mask_bytes);
  check_offsets(shard, "/videos/first", index.first, static_cast<uint64_t>(index.frames()));
  check_labels(shard, "/frames/label", index.label);
  check_labels(shard, "/videos/label", index.video_label);
  check_ids(shard, "/videos/manip", index.manip, header.names.manip);
  check_ids(shard, "/videos/dataset", index.dataset, header.names.dataset);
  if (!shard.complete) { return; }
  const Digest found = index_digest(header, index);
  if (found != shard.index_sha256) {
    refuse(shard, "its index is damaged: SHA-256 " + hex(found).substr(0, 16) + "... found, " +
                      hex(shard.index_sha256).substr(0, 16) + "... expected");
  }
  for (size_t i = 0; i < index.landmarks_crc32c.size(); ++i) {
    if (crc32c(&index.landmarks[i * 136], 136 * sizeof(float)) != index.landmarks_crc32c[i]) {
      refuse(shard, "the landmarks of frame " + std::to_string(i) + " do not have their CRC32C");
    }
  }
  check_offsets(shard, "/videos/seg_offset", index.seg_offset, index.seg_label.size());
  check_ids(shard, "/videos/compression", index.compression, header.names.compression);
}

ShardEntry Shard::entry() const {
  ShardEntry entry;
  entry.name = path.filename().string();
  entry.folder = path.parent_path();
  entry.bytes = bytes;
  entry.frames = index.frames();
  entry.videos = index.videos();
  entry.split = header.split;
  entry.digest = shard_digest(index_sha256, payload_sha256);
  for (size_t v = 0; v < index.video_label.size(); ++v) {
    const std::string manip = index.manip[v] < 0 ? "" : header.names.manip[static_cast<size_t>(index.manip[v])];
    ClassCount& count = entry.classes[class_name(index.video_label[v], manip)];
    ++count.videos;
    count.frames += static_cast<int64_t>(index.first[v + 1] - index.first[v]);
  }
  return entry;
}

void check_entry(const Shard& shard, const ShardEntry& entry) {
  ShardEntry found = shard.entry();
  found.folder = entry.folder;  // a copy elsewhere is as good
  if (found.digest != entry.digest) {
    refuse(shard, "is not the shard that the manifest lists: digest " + found.digest.substr(0, 16) + "... found, " +
                      entry.digest.substr(0, 16) + "... expected");
  }
  if (found.bytes != entry.bytes) {
    refuse(shard, "has " + std::to_string(found.bytes) + " bytes; the manifest says " + std::to_string(entry.bytes));
  }
  if (!(found == entry)) { refuse(shard, "holds other videos or another split than the manifest lists"); }
}

std::vector<std::string> verify_payload(const Shard& shard, const std::function<void(int64_t)>& progress) {
  std::vector<std::string> faults;
  std::string subject = "[";
  subject.append(shard.path.string()).append("] ");
  const auto note = [&](const std::string& what) {
    if (faults.size() >= kMaxFaults) { return; }
    faults.push_back(subject);
    faults.back() += what;
  };
  const int height = static_cast<int>(shard.header.height), width = static_cast<int>(shard.header.width);
  Sha256 payload;
  try {
    std::vector<uint8_t> pixels(static_cast<size_t>(height) * static_cast<size_t>(width) * 3);
    const Digest frames =
        BlobWalk(shard, shard.blob_at, shard.index.frame_offset, progress).run([&](size_t i, auto blob) {
          if (crc32c(blob) != shard.index.crc32c[i]) { return note(numbered("frame", i, "its CRC32C is wrong")); }
          try {
            decode_frame(shard.header.codec, blob, height, width, pixels.data());
          } catch (const DataError& error) { note(numbered("frame", i, error.what())); }
        });
    const Digest masks =
        BlobWalk(shard, shard.mask_at, shard.index.mask_offset, progress).run([&](size_t i, auto blob) {
          try {
            decode_mask(blob, height, width, pixels.data());
          } catch (const DataError& error) { note(numbered("mask", i, error.what())); }
        });
    payload.update(frames.data(), frames.size());
    payload.update(masks.data(), masks.size());
    if (payload.finish() != shard.payload_sha256) { note("the SHA-256 of its pixels is wrong"); }
  } catch (const std::exception& error) { note(error.what()); }
  return faults;
}

}  // namespace realface::data
