#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/importers/source.h"

namespace realface::data::importers {

/// What the lists of one phase and kind say, by tail. Two million pictures are in one of them, so it holds no more than
/// it must.
class ForgeryNetLabels {
 public:
  /// Throws DataError for a malformed list.
  void read(const std::filesystem::path& list);

  /// Takes a file or folder as found: its segments, or null where it is in no list.
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
