#pragma once

#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/importers/importers.h"

/// The rules that are the same for every dataset.
namespace realface::data::importers {

/// What a dataset's own lists say of a video.
struct Official {
  std::string split;   // train | val | test; empty: in none of them
  std::string why;     // where it is in none: for people
  bool listed = true;  // false: the lists themselves are absent
};

/// The split of a video, or an empty one and why. `wanted` is ImportOptions::split:
///   empty    what the lists say
///   holdout  the same, and one in ten groups of `train` is `val`
///   test     test
///   train    train, but never what the lists hold out for testing, and nothing where they are absent; val likewise
///   hash     by group, whatever the lists say
Official place(const std::string& wanted, const Official& official, int64_t group);

/// Gathers the listing of one dataset.
class Collector {
 public:
  Collector(std::string dataset, const ImportOptions& options) : dataset_(std::move(dataset)), options_(options) {}

  /// What names a video besides its dataset and compression.
  struct Name {
    std::string method;  // a folder of the dataset, for reals too: part of the key
    std::string stem;    // unique within dataset, method and compression
    std::string group;   // name of the leakage group
  };

  /// Completes `source` (dataset, compression where it is empty, key, group, split) and takes it; or leaves it out,
  /// where it has no split or where a video of the same key was taken before.
  void add(Source source, const Name& name, const Official& official);

  void leave_out(const std::filesystem::path& path, const std::string& why);
  void absent(const std::filesystem::path& path, const std::filesystem::path& list);
  void note(const std::string& text) { listing_.notes.push_back(text); }

  Listing take() { return std::move(listing_); }

 private:
  std::string dataset_;
  const ImportOptions& options_;
  std::unordered_map<std::string, std::string> taken_;  // key -> path
  Listing listing_;
};

/// Leaves out every entry of `folder` that is not one of `known`, and says why; no folder: nothing.
void leave_out_others(Collector& collector, const std::filesystem::path& folder, const std::vector<std::string>& known,
                      const std::string& why);

/// Throws DataError: `root` is not what the importer of `tree` looks for.
[[noreturn]] void refuse_tree(const std::filesystem::path& root, const std::string& tree, const std::string& expected);

/// A video file with its size; label, persons and the rest are left to the caller.
Source video_file(const std::filesystem::path& path);

}  // namespace realface::data::importers
