#include <algorithm>
#include <set>

#include "base/error.h"
#include "data/inspection/inspect.h"
#include "data/shards/set.h"

namespace realface::data {
namespace fs = std::filesystem;
namespace {

/// Files that no manifest lists: a shard somebody forgot, or one whose writer was killed.
void note_strangers(const fs::path& folder, const Manifest& manifest, std::vector<std::string>& faults) {
  std::set<std::string> listed;
  for (const ShardEntry& entry : manifest.shards) { listed.insert(entry.name); }
  const auto note = [&](const fs::path& file, const char* what) {
    std::string& fault = faults.emplace_back("[");
    fault.append(file.string()).append("] ").append(what);
  };
  for (const auto& file : fs::directory_iterator(folder)) {
    const std::string name = file.path().filename().string();
    if (name.ends_with(".h5") && !listed.contains(name)) {
      note(file.path(), "is not listed by the manifest; remove it or make the dataset again");
    }
    if (name.ends_with(".h5.tmp")) { note(file.path(), "was left by a writer that was stopped; remove it"); }
  }
}

int64_t total_bytes(const ShardSet& set) {
  int64_t total = 0;
  std::error_code ignored;
  for (size_t i = 0; i < set.size(); ++i) {
    const auto size = fs::file_size(set.path(i), ignored);
    if (!ignored) { total += static_cast<int64_t>(size); }
  }
  return total;
}

}  // namespace

std::vector<std::string> verify_shards(const fs::path& path, const VerifyProgress& progress) {
  std::vector<std::string> faults;
  try {
    const ShardSet set(path);
    const int64_t total = total_bytes(set);
    int64_t finished = 0, inside = 0;
    const auto tell = [&](int64_t bytes) {
      inside += bytes;
      if (progress) { progress(std::min(finished + inside, total), total); }
    };
    for (size_t i = 0; i < set.size(); ++i) {
      try {
        const Shard shard = set.open(i);
        for (std::string& fault : verify_payload(shard, tell)) { faults.push_back(std::move(fault)); }
        finished += shard.bytes;
      } catch (const Error& error) { faults.emplace_back(error.what()); }
      inside = 0;
      tell(0);
    }
    if (set.manifest()) { note_strangers(path, *set.manifest(), faults); }
  } catch (const std::exception& error) { faults.emplace_back(error.what()); }
  return faults;
}

}  // namespace realface::data
