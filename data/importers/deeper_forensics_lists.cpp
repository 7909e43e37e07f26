#include "data/importers/deeper_forensics_lists.h"

#include "data/importers/list_files.h"

namespace realface::data::importers {
namespace fs = std::filesystem;
namespace {

constexpr int32_t kFirstMan = 20000, kFirstWoman = 30000;

void read(DeeperLists& lists, const fs::path& path, const std::string& split) {
  for_each_line(path, [&](int64_t number, std::string_view line) {
    const std::string stem = fs::path(line).stem().string();
    const auto name = parse_deeper_name(stem);
    if (!name) { refuse_line(path, number, line, "a video such as 000_M101.mp4"); }
    const auto [place, fresh] = lists.split_of.try_emplace(stem, split);
    if (!fresh && place->second != split) {
      refuse_line(path, number, line, "each video in one split; this one is in " + place->second + ".txt too");
    }
    const auto [target, first] = lists.target_in.try_emplace(name->target, split);
    if (!first && target->second != split) { target->second.clear(); }
  });
}

}  // namespace

std::optional<DeeperName> parse_deeper_name(const std::string& stem) {
  const size_t bar = stem.find('_');
  if (bar == std::string::npos || bar + 2 >= stem.size()) { return std::nullopt; }
  const int32_t target = whole_number(std::string_view(stem).substr(0, bar));
  const int32_t actor = whole_number(std::string_view(stem).substr(bar + 2));
  const char sex = stem[bar + 1];
  if (target < 0 || actor < 0 || actor >= kFirstWoman - kFirstMan || (sex != 'M' && sex != 'W')) {
    return std::nullopt;
  }
  return DeeperName{stem.substr(0, bar), actor + (sex == 'M' ? kFirstMan : kFirstWoman)};
}

DeeperLists read_deeper_lists(const fs::path& root) {
  DeeperLists lists;
  for (const auto& folder : {root / "lists" / "splits", root / "splits"}) {
    for (const std::string split : {"train", "val", "test"}) {
      const fs::path path = folder / (split + ".txt");
      if (!fs::exists(path)) { continue; }
      lists.folder = folder;
      read(lists, path, split);
    }
    if (!lists.folder.empty()) { break; }
  }
  return lists;
}

}  // namespace realface::data::importers
