#include "data/importers/collector.h"

#include <algorithm>

#include "base/counter_rng.h"
#include "base/error.h"
#include "data/importers/files.h"

namespace realface::data::importers {
namespace fs = std::filesystem;
namespace {

// Another draw than that of split_by_group, so that the two shares are independent.
bool held_out(int64_t group) { return mix({static_cast<uint64_t>(group), 1}) % 10 == 0; }

}  // namespace

Official place(const std::string& wanted, const Official& official, int64_t group) {
  if (wanted == "hash") { return {split_by_group(group), ""}; }
  if (wanted == "test") { return {wanted, ""}; }
  if (wanted == "train" || wanted == "val") {
    if (!official.listed) { return {"", official.why}; }
    if (official.split == "test") {
      return {"", "the dataset's lists hold it out for testing, so it is never " + wanted + "; --split test takes it"};
    }
    return {wanted, ""};
  }
  if (wanted == "holdout" && official.split == "train" && held_out(group)) { return {"val", ""}; }
  return official;
}

void Collector::add(Source source, const Name& name, const Official& official) {
  source.dataset = dataset_;
  if (source.compression.empty()) { source.compression = "unknown"; }
  std::string key = dataset_;
  key.append("/").append(name.method).append("/").append(source.compression).append("/").append(name.stem);
  source.key = bounded_key(key);
  source.group = group_number(name.group);
  const Official placed = place(options_.split, official, source.group);
  std::string shown = source.path;
  if (!source.member.empty()) { shown.append(":").append(source.member); }
  if (placed.split.empty()) { return leave_out(shown, placed.why); }
  const auto [twin, fresh] = taken_.try_emplace(source.key, shown);
  if (!fresh) { return leave_out(shown, "is the same video by its name as " + twin->second + ", which is taken"); }
  source.split = placed.split;
  listing_.sources.push_back(std::move(source));
}

void Collector::leave_out(const fs::path& path, const std::string& why) {
  listing_.unplaced.push_back({path.string(), why});
}

void Collector::absent(const fs::path& path, const fs::path& list) {
  leave_out(path, "named by " + list.string() + " but absent");
}

void leave_out_others(Collector& collector, const fs::path& folder, const std::vector<std::string>& known,
                      const std::string& why) {
  if (!fs::is_directory(folder)) { return; }
  const Folder found = read_folder(folder);
  for (const auto* entries : {&found.folders, &found.files}) {
    for (const auto& entry : *entries) {
      if (std::ranges::find(known, entry.filename().string()) == known.end()) { collector.leave_out(entry, why); }
    }
  }
}

void refuse_tree(const fs::path& root, const std::string& tree, const std::string& expected) {
  std::string message = "[";
  message.append(root.string()).append("] is not ").append(tree).append("; expected ").append(expected);
  message.append("; name its root, or use --dataset folder");
  throw DataError(message);
}

Source video_file(const fs::path& path) {
  Source source;
  source.path = path.string();
  source.bytes = file_bytes(path);
  return source;
}

}  // namespace realface::data::importers
