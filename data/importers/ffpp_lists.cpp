#include "data/importers/ffpp_lists.h"

#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"

namespace realface::data::importers {
namespace fs = std::filesystem;
namespace {

nlohmann::json read_pairs(const fs::path& path) {
  nlohmann::json pairs = nlohmann::json::parse(read_file(path), nullptr, false);
  bool good = pairs.is_array();
  for (const auto& pair : pairs) {
    good = good && pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_string();
  }
  if (!good) {
    throw DataError(
        "[" + path.string() +
        "] is not a split list; expected pairs of id strings such as [[\"071\", \"054\"], ...]; restore the official file");
  }
  return pairs;
}

void add(FfppLists& lists, const fs::path& path, const std::string& split, const std::string& id) {
  const auto [place, fresh] = lists.split_of.try_emplace(id, split);
  if (!fresh && place->second != split) {
    throw DataError("[" + path.string() + "] holds id " + id + ", which is also in " + place->second +
                    ".json; an id may be in one split only; correct the lists");
  }
}

}  // namespace

FfppLists read_ffpp_lists(const fs::path& root) {
  FfppLists lists;
  for (const fs::path& folder : {root / "splits", root / "dataset" / "splits"}) {
    for (const std::string split : {"train", "val", "test"}) {
      const fs::path path = folder / (split + ".json");
      if (!fs::exists(path)) { continue; }
      for (const auto& pair : read_pairs(path)) {
        const std::string a = pair[0], b = pair[1];
        add(lists, path, split, a);
        add(lists, path, split, b);
        lists.pair_of[{a, b}] = lists.pair_of[{b, a}] = split;
      }
    }
    if (!lists.empty()) { break; }
  }
  return lists;
}

std::string IdGroups::root(const std::string& id) const {
  auto at = parent_.find(id);
  if (at == parent_.end()) { return id; }
  for (auto up = parent_.find(at->second); up != parent_.end(); up = parent_.find(at->second)) {
    at->second = up->second;  // halves the way for whoever comes next
    at = up;
  }
  return at->second;
}

void IdGroups::join(const std::string& a, const std::string& b) {
  const std::string left = root(a), right = root(b);
  if (left == right) { return; }
  parent_[std::max(left, right)] = std::min(left, right);  // the smallest id names the group, whatever the order
}

}  // namespace realface::data::importers
