#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/importers/source.h"

/// ForgeryNet's classes and lists. A video or picture is known by its tail, the part of its path that begins with its
/// class folder: `7/<id>/<id>/video.mp4`; what stands before differs between copies.
namespace realface::data::importers {

/// Folders 1 to 15 hold fakes, by method; 16 to 19 reals, by origin.
constexpr int32_t kFirstForgery = 1, kFirstReal = 16, kLastClass = 19;

/// FaceShifter for 1, ... VoxCeleb for 19; `number` must be one of them.
const char* forgery_net_class(int32_t number);

/// 1 to 19 for a folder of that name, else 0.
int32_t class_folder(std::string_view name);

struct ForgeryNetEntry {
  std::string tail;
  int32_t folder = 0;             // class by the folder: it decides
  int32_t listed = 0;             // class by the list's last column, 0 real; may disagree
  bool fake = false;              // by the list's own column
  std::vector<LabelledRun> runs;  // video lines: all segments, as listed
  bool disagrees() const;         // with the folder
};

/// Reads any of the three forms, also mixed:
///   `<path> <binary> <triple> <class>`                                          pictures
///   `<segments> <path> [<start> <count> <fake?>]... <binary> <triple> <class>`  videos; frames count from 0
///   `<path> <binary> <class>`                                                   lists that others rewrote
/// Throws DataError with file and line for anything else.
void read_forgery_net_list(const std::filesystem::path& path, const std::function<void(ForgeryNetEntry&& entry)>& take);

/// The tail of a listed path, or "" if it has no class folder.
std::string forgery_net_tail(std::string_view path);

/// What the lists of one phase and kind say, by tail. Two million pictures are in one of them, so it holds no more than
/// it must.
class ForgeryNetLabels {
 public:
  /// Throws DataError for a malformed list.
  void read(const std::filesystem::path& list);

  /// Notes that a file or folder was found and returns its segments, or null if no list names it.
  const std::vector<LabelledRun>* find(const std::string& tail);

  /// What is listed and was not found, in order.
  void each_absent(const std::function<void(const std::string& tail, const std::filesystem::path& list)>& take) const;

  /// Entries whose class is another than that of their folder, and the first of them with its list.
  int64_t disagreeing() const { return disagreeing_; }
  const std::string& disagreement() const { return disagreement_; }

 private:
  struct Listed {
    std::vector<LabelledRun> runs;
    int32_t list = 0;
    bool found = false;
  };

  std::vector<std::filesystem::path> lists_;
  std::unordered_map<std::string, Listed> by_tail_;
  int64_t disagreeing_ = 0;
  std::string disagreement_;
};

}  // namespace realface::data::importers
