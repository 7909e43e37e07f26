#include "data/shards/dataset.h"

#include <sys/resource.h>

#include <algorithm>

#include "base/error.h"
#include "distributed/agreement.h"

namespace realface::data {
namespace {

/// Hands out pieces of a block, one after the other, each at a multiple of 8 bytes. Without a block it only counts.
class Carver {
 public:
  explicit Carver(std::byte* base) : base_(base) {}

  template <class T>
  std::span<T> take(size_t count) {
    const size_t at = size_;
    size_ += (count * sizeof(T) + 7) / 8 * 8;
    return base_ == nullptr ? std::span<T>() : std::span<T>(reinterpret_cast<T*>(base_ + at), count);
  }
  size_t size() const { return size_; }

 private:
  std::byte* base_;
  size_t size_ = 0;
};

ShardTable carved(Carver& carver, const ShardEntry& entry) {
  const auto frames = static_cast<size_t>(entry.frames), videos = static_cast<size_t>(entry.videos);
  ShardTable table;
  table.places = carver.take<uint64_t>(3);
  table.offset = carver.take<uint64_t>(frames + 1);
  table.mask_offset = carver.take<uint64_t>(frames + 1);
  table.first = carver.take<uint64_t>(videos + 1);
  table.crc32c = carver.take<uint32_t>(frames);
  table.landmarks_crc32c = carver.take<uint32_t>(frames);
  table.manip = carver.take<int16_t>(videos);
  table.dataset = carver.take<int16_t>(videos);
  table.label = carver.take<int8_t>(frames);
  table.video_label = carver.take<int8_t>(videos);
  return table;
}

/// One file stays open for each shard.
void allow_open_files(size_t shards) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= shards + 256) { return; }
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, shards + 256);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

bool wanted(const std::string& split, const std::vector<std::string>& splits) {
  return std::any_of(splits.begin(), splits.end(), [&](const auto& name) { return name == "all" || name == split; });
}

void check_against(const Manifest& manifest, const ShardEntry& entry, const Shard& shard) {
  const ShardHeader& header = shard.header;
  if (header.height != manifest.height || header.width != manifest.width || !(header.codec == manifest.codec)) {
    throw DataError("[" + shard.path.string() + "] has another size or codec than its manifest");
  }
  const auto listed = std::ranges::count_if(manifest.shards, [&](const ShardEntry& other) {
    return other.folder == entry.folder && other.split == header.split;
  });
  if (header.n_shards != listed) {
    throw DataError("[" + shard.path.string() + "] is one of " + std::to_string(header.n_shards) +
                    " shards of split '" + header.split + "', but the manifest lists " + std::to_string(listed) +
                    "; copy the whole dataset again");
  }
}

template <class T>
void copy(const std::vector<T>& from, std::span<T> to) {
  std::copy(from.begin(), from.end(), to.begin());
}

/// Ids into a shard's own names as ids into those of the whole dataset.
void copy_ids(const Shard& shard, const std::vector<int16_t>& ids, const std::vector<std::string>& own,
              const std::vector<std::string>& names, std::span<int16_t> to) {
  std::vector<int16_t> known;
  for (const auto& name : own) {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) {
      throw DataError("[" + shard.path.string() + "] has the name '" + name + "', which its manifest lacks");
    }
    known.push_back(static_cast<int16_t>(found - names.begin()));
  }
  std::ranges::transform(ids, to.begin(), [&](int16_t id) { return id < 0 ? id : known[static_cast<size_t>(id)]; });
}

void fill_table(const ShardTable& table, const Shard& shard, const NameTables& names) {
  const ShardIndex& index = shard.index;
  table.places[0] = shard.blob_at;
  table.places[1] = shard.landmarks_at;
  table.places[2] = shard.mask_at;
  copy(index.frame_offset, table.offset);
  copy(index.mask_offset, table.mask_offset);
  copy(index.first, table.first);
  copy(index.crc32c, table.crc32c);
  copy(index.landmarks_crc32c, table.landmarks_crc32c);
  copy_ids(shard, index.manip, shard.header.names.manip, names.manip, table.manip);
  copy_ids(shard, index.dataset, shard.header.names.dataset, names.dataset, table.dataset);
  copy(index.label, table.label);
  copy(index.video_label, table.video_label);
}

}  // namespace

std::shared_ptr<const Dataset> Dataset::open(const Folders& folders, const std::vector<std::string>& splits,
                                             distributed::Communicator& group,
                                             const distributed::BlockMaker& make_block) {
  auto dataset = std::make_shared<Dataset>();
  distributed::agree(group, "data.shards", [&] {
    dataset->manifest_ = Manifest::load(folders);
    dataset->digest_ = dataset->manifest_.digest();
    for (const ShardEntry& entry : dataset->manifest_.shards) {
      dataset->opened_.push_back(wanted(entry.split, splits));
    }
    dataset->carve(nullptr);
  });
  const std::string first_digest = distributed::broadcast_string(group, dataset->digest_);
  distributed::agree(group, "data.shards", [&] {
    if (first_digest != dataset->digest_) {
      throw DataError(
          "[" + folders.text() +
          "] holds another dataset on this rank than on rank 0; data.shards must be the same folder on every node");
    }
  });
  const distributed::NodeBlock block = make_block(dataset->index_bytes_);
  dataset->index_ = block.data;
  dataset->carve(block.data.get());
  distributed::agree(group, "data.shards", [&] { dataset->fill(block); });
  distributed::agree(group, "data.shards", [&] { dataset->open_files(); });
  return dataset;
}

void Dataset::carve(std::byte* base) {
  Carver carver(base);
  first_.assign(1, 0);
  tables_.assign(manifest_.shards.size(), {});
  for (size_t i = 0; i < manifest_.shards.size(); ++i) {
    first_.push_back(first_.back() + static_cast<uint64_t>(manifest_.shards[i].frames));
    if (opened_[i]) { tables_[i] = carved(carver, manifest_.shards[i]); }
  }
  index_bytes_ = carver.size();
}

void Dataset::fill(const distributed::NodeBlock& block) {
  int turn = 0;
  for (size_t i = 0; i < tables_.size(); ++i) {
    if (!opened_[i] || turn++ % block.writers != block.writer) { continue; }
    const Shard shard = open_training_index(manifest_.shards[i].path());
    check_entry(shard, manifest_.shards[i]);
    check_against(manifest_, manifest_.shards[i], shard);
    fill_table(tables_[i], shard, manifest_.names);
  }
}

void Dataset::open_files() {
  allow_open_files(tables_.size());
  files_.resize(tables_.size());
  for (size_t i = 0; i < tables_.size(); ++i) {
    if (!opened_[i]) { continue; }
    files_[i] = PositionedFile(manifest_.shards[i].path());
    if (files_[i].size() != manifest_.shards[i].bytes) {
      throw DataError(
          "[" + manifest_.shards[i].name +
          "] has another size on this rank than the manifest says; data.shards must be the same folder on every node");
    }
  }
}

Dataset::Place Dataset::find(uint64_t number) const {
  const auto next = std::upper_bound(first_.begin(), first_.end(), number);
  const auto shard = static_cast<size_t>(next - first_.begin()) - 1;
  return {shard, static_cast<size_t>(number - first_[shard])};
}

FileRange Dataset::range_of(uint64_t number) const {
  const Place place = find(number);
  const ShardTable& table = tables_[place.shard];
  const uint64_t at = table.blob_at();
  return {place.shard, at + table.offset[place.frame], at + table.offset[place.frame + 1]};
}

}  // namespace realface::data
