#include "data/dataset.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "distributed/agreement.h"

namespace realface::data {
namespace fs = std::filesystem;
namespace {

template <class T>
void put(std::string& out, const std::vector<T>& values) {
  const uint64_t count = values.size();
  out.append(reinterpret_cast<const char*>(&count), sizeof count);
  out.append(reinterpret_cast<const char*>(values.data()), count * sizeof(T));
}

/// Reads back what `put` wrote; `at` moves on.
template <class T>
std::vector<T> take(const std::string& bytes, size_t& at) {
  uint64_t count = 0;
  if (bytes.size() - at < sizeof count) throw Error("[data] an index from another rank is cut short");
  std::memcpy(&count, bytes.data() + at, sizeof count);
  at += sizeof count;
  if ((bytes.size() - at) / sizeof(T) < count) throw Error("[data] an index from another rank is cut short");
  std::vector<T> values(count);
  if (count > 0) std::memcpy(values.data(), bytes.data() + at, count * sizeof(T));
  at += count * sizeof(T);
  return values;
}

/// One file stays open for each shard.
void allow_open_files(size_t shards) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= shards + 256) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, shards + 256);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

bool wanted(const std::string& split, const std::vector<std::string>& splits) {
  return std::any_of(splits.begin(), splits.end(), [&](const auto& name) { return name == "all" || name == split; });
}

FrameTable table_of(const fs::path& folder, const Manifest& manifest, const ShardEntry& entry) {
  Shard shard = open_shard(folder / entry.name);
  check_entry(shard, entry);
  const ShardHeader& header = shard.header;
  if (header.height != manifest.height || header.width != manifest.width || header.codec != manifest.codec ||
      !(header.names == manifest.names))
    throw DataError("[" + shard.path.string() + "] has another size, codec or table of names than its manifest");
  FrameTable table;
  table.name = entry.name;
  table.blob_at = shard.blob_at;
  table.landmarks_at = shard.landmarks_at;
  table.offset = std::move(shard.index.frame_offset);
  table.crc32c = std::move(shard.index.crc32c);
  table.label = std::move(shard.index.label);
  return table;
}

}  // namespace

std::string FrameTable::pack() const {
  std::string out;
  put(out, std::vector<char>(name.begin(), name.end()));
  put(out, std::vector<uint64_t>{blob_at, landmarks_at});
  put(out, offset);
  put(out, crc32c);
  put(out, label);
  return out;
}

FrameTable FrameTable::unpack(const std::string& bytes) {
  FrameTable table;
  size_t at = 0;
  const auto text = take<char>(bytes, at);
  table.name.assign(text.begin(), text.end());
  const auto places = take<uint64_t>(bytes, at);
  table.blob_at = places.at(0);
  table.landmarks_at = places.at(1);
  table.offset = take<uint64_t>(bytes, at);
  table.crc32c = take<uint32_t>(bytes, at);
  table.label = take<int8_t>(bytes, at);
  return table;
}

std::shared_ptr<const Dataset> Dataset::open(const std::string& folder, const std::vector<std::string>& splits,
                                             distributed::Communicator& group) {
  auto dataset = std::make_shared<Dataset>();
  std::vector<std::string> mine;  // packed table, or "" where another rank opens the shard
  const auto ranks = static_cast<size_t>(group.size()), rank = static_cast<size_t>(group.rank());
  distributed::agree(group, "data.shards", [&] {
    dataset->manifest_ = Manifest::load(folder);
    dataset->digest_ = dataset->manifest_.digest();
    const auto& shards = dataset->manifest_.shards;
    allow_open_files(shards.size());
    for (size_t i = 0; i < shards.size(); ++i)
      if (i % ranks == rank && wanted(shards[i].split, splits))
        mine.push_back(table_of(folder, dataset->manifest_, shards[i]).pack());
  });
  std::string packed;
  for (const std::string& table : mine) put(packed, std::vector<char>(table.begin(), table.end()));
  const std::vector<std::string> everybodys = distributed::gather_strings(group, packed);

  distributed::agree(group, "data.shards", [&] {
    std::vector<size_t> at(ranks, 0);
    dataset->first_.push_back(0);
    const auto& shards = dataset->manifest_.shards;
    for (size_t i = 0; i < shards.size(); ++i) {
      dataset->first_.push_back(dataset->first_.back() + static_cast<uint64_t>(shards[i].frames));
      auto& table = dataset->tables_.emplace_back();
      if (!wanted(shards[i].split, splits)) continue;
      const auto bytes = take<char>(everybodys[i % ranks], at[i % ranks]);
      table = std::make_unique<FrameTable>(FrameTable::unpack({bytes.begin(), bytes.end()}));
      table->file = PositionedFile(fs::path(folder) / table->name);
      // Ranks on other nodes may see another file system.
      if (table->name != shards[i].name || table->file.size() != shards[i].bytes)
        throw DataError("[" + table->name + "] is another file on this rank than on rank " + std::to_string(i % ranks) +
                        "; data.shards must be the same folder on every node");
    }
  });
  return dataset;
}

std::vector<uint64_t> Dataset::select(const std::string& split, const std::string& label) const {
  if (label != "real" && label != "fake" && label != "any")
    throw ConfigError("[data] a stream asks for the label '" + label + "'; known: real, fake, any");
  const int8_t sought = label == "real" ? 0 : 1;
  std::vector<uint64_t> numbers;
  for (size_t i = 0; i < tables_.size(); ++i) {
    if (!tables_[i] || !wanted(manifest_.shards[i].split, {split})) continue;
    const auto& labels = tables_[i]->label;
    for (size_t frame = 0; frame < labels.size(); ++frame)
      if (label == "any" || labels[frame] == sought) numbers.push_back(first_[i] + frame);
  }
  if (numbers.empty())
    throw DataError("[data.shards] holds no frames of split '" + split + "' with label '" + label + "' among its " +
                    std::to_string(manifest_.frames()) + " frames; see `realface inspect` for what it holds");
  return numbers;
}

Dataset::Place Dataset::find(uint64_t number) const {
  const auto next = std::upper_bound(first_.begin(), first_.end(), number);
  const auto shard = static_cast<size_t>(next - first_.begin()) - 1;
  return {tables_[shard].get(), static_cast<size_t>(number - first_[shard])};
}

}  // namespace realface::data
