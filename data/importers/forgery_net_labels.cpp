#include "data/importers/forgery_net_labels.h"

#include <algorithm>

#include "data/importers/forgery_net_list.h"

namespace realface::data::importers {
namespace fs = std::filesystem;

void ForgeryNetLabels::read(const fs::path& list) {
  const auto number = static_cast<int32_t>(lists_.size());
  lists_.push_back(list);
  read_forgery_net_list(list, [&](ForgeryNetEntry&& entry) {
    if (entry.disagrees() && disagreeing_++ == 0) { disagreement_ = entry.tail + " in " + list.string(); }
    by_tail_.try_emplace(std::move(entry.tail), Listed{std::move(entry.runs), number, false});
  });
}

const std::vector<LabelledRun>* ForgeryNetLabels::find(const std::string& tail) {
  auto entry = by_tail_.find(tail);
  // Some lists name the folder of a video, not the file in it.
  if (entry == by_tail_.end()) { entry = by_tail_.find(tail.substr(0, tail.rfind('/'))); }
  if (entry == by_tail_.end()) { return nullptr; }
  entry->second.found = true;
  return &entry->second.runs;
}

void ForgeryNetLabels::each_absent(
    const std::function<void(const std::string& tail, const fs::path& list)>& take) const {
  std::vector<const std::pair<const std::string, Listed>*> absent;
  for (const auto& entry : by_tail_) {
    if (!entry.second.found) { absent.push_back(&entry); }
  }
  std::ranges::sort(absent, {}, [](const auto* entry) { return entry->first; });
  for (const auto* entry : absent) { take(entry->first, lists_[static_cast<size_t>(entry->second.list)]); }
}

}  // namespace realface::data::importers
