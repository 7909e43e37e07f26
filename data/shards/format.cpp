#include "data/shards/format.h"

#include <cstring>

#include "data/shards/columns.h"

namespace realface::data {
namespace {

/// A field in a digest: its name and its length come first, so that no two sets of fields give the same bytes.
void hash_field(Sha256& sha, const std::string& name, const void* data, uint64_t size) {
  sha.update(name.c_str(), name.size() + 1);
  sha.update(&size, sizeof size);
  sha.update(data, size);
}

struct HashAttribute {
  Sha256& sha;
  void operator()(const char* name, const std::string& value) const {
    hash_field(sha, name, value.data(), value.size());
  }
  template <class Number>
  void operator()(const char* name, const Number& value) const {
    hash_field(sha, name, &value, sizeof value);
  }
};

}  // namespace

const char* mask_source_name(MaskSource source) {
  switch (source) {
    case MaskSource::dataset:
      return "dataset";
    case MaskSource::difference:
      return "difference";
    case MaskSource::ssim:
      return "ssim";
    case MaskSource::unaligned:
      return "unaligned";
    case MaskSource::none:
      break;
  }
  return "none";
}

void ShardTotals::count(const VideoRecord& video) {
  ++videos;
  frames += static_cast<int64_t>(video.frames.size());
  segments += static_cast<int64_t>(video.segments.size());
  for (const FrameRecord& frame : video.frames) {
    blob_bytes += static_cast<int64_t>(frame.blob.size());
    mask_bytes += static_cast<int64_t>(frame.mask.size());
  }
}

std::string ShardIndex::key_of(int64_t video) const {
  const char* text = key.data() + static_cast<size_t>(video) * kKeyBytes;
  return {text, strnlen(text, kKeyBytes)};
}

Digest index_digest(const ShardHeader& header, const ShardIndex& index) {
  Sha256 sha;
  const HashAttribute hash{sha};
  hash("codec", std::string(codec_name(header.codec)));
  // Where nothing is lost, they say nothing of the pixels.
  if (!header.codec.lossless()) { hash("codec_params", codec_params(header.codec)); }
  visit_attributes(header, hash);
  visit_names(header.names, [&](const char* path, const std::vector<std::string>& names) {
    for (const std::string& name : names) { hash(path, name); }
  });
  visit_columns(index, [&](const Column& column, const auto& values) {
    if (column.optional && values.empty()) { return; }
    hash_field(sha, column.path, values.data(), values.size() * sizeof(values[0]));
  });
  hash_field(sha, kKeyPath, index.key.data(), index.key.size());
  return sha.finish();
}

std::string shard_digest(const Digest& index, const Digest& payload) {
  Sha256 sha;
  sha.update(index.data(), index.size());
  sha.update(payload.data(), payload.size());
  return hex(sha.finish());
}

}  // namespace realface::data
