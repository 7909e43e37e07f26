#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

/// FaceForensics++'s lists: pairs of ids, kept as strings with their zeros.
namespace realface::data::importers {

/// The official splits: JSON lists of pairs [["071","054"], ...]. A pair (a, b) stands for the reals a and b and the
/// fakes a_b and b_a.
struct FfppLists {
  std::map<std::string, std::string> split_of;                         // id -> train | val | test
  std::map<std::pair<std::string, std::string>, std::string> pair_of;  // both orders -> split
  bool empty() const { return split_of.empty(); }
};

/// Reads ROOT/splits or ROOT/dataset/splits; empty where there is none. Throws DataError for a malformed list, and for
/// an id that is in two splits: a face would be trained on and tested.
FfppLists read_ffpp_lists(const std::filesystem::path& root);

/// Joins ids that share a video or a face; a group is named by its smallest id. One thread.
class IdGroups {
 public:
  void join(const std::string& a, const std::string& b);
  std::string root(const std::string& id) const;

 private:
  mutable std::unordered_map<std::string, std::string> parent_;
};

}  // namespace realface::data::importers
