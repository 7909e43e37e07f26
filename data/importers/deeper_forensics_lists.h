#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

/// DeeperForensics-1.0's names and split lists.
namespace realface::data::importers {

/// `000_M101`: the face of actor M101 put into FaceForensics++'s video 000.
struct DeeperName {
  std::string target;  // with its zeros
  int32_t actor = -1;  // a number of its own for each actor, beside the ids 0 to 999 of FaceForensics++
};
std::optional<DeeperName> parse_deeper_name(const std::string& stem);

struct DeeperLists {
  std::map<std::string, std::string> split_of;   // name of a fake -> train | val | test, for all variants alike
  std::map<std::string, std::string> target_in;  // id of a target -> the split of its fakes; "" where it is in several
  std::filesystem::path folder;                  // where the lists lie; empty: there are none
};

/// Reads ROOT/lists/splits, or ROOT/splits where that is absent: a name such as `000_M101.mp4` a line. Throws DataError
/// with file and line for anything else, and for a name in two splits.
DeeperLists read_deeper_lists(const std::filesystem::path& root);

}  // namespace realface::data::importers
