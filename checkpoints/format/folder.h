#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace realface::checkpoints {

/// RUN/checkpoints/ and the names in it: `step-N` is committed, anything that ends in `.tmp` is not.
class Folder {
 public:
  explicit Folder(const std::filesystem::path& run_dir);

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path step(int64_t step) const { return root_ / ("step-" + std::to_string(step)); }
  std::filesystem::path temporary(int64_t step) const { return root_ / ("step-" + std::to_string(step) + ".tmp"); }

  /// Committed steps, newest first; whether they are intact is another question. None if there is no folder. Throws
  /// CheckpointError if something else stands in its place, above all a link to a disk that is not mounted: a run must
  /// not start over because its checkpoints are out of reach.
  std::vector<int64_t> steps() const;
  /// Removes what an interrupted save or removal left, and returns its names. Throws Error.
  std::vector<std::string> sweep() const;
  /// Takes a committed checkpoint out of sight by renaming it, then deletes it: a kill in between leaves no half of
  /// one.
  void remove(int64_t step) const;
  /// Throws CheckpointError if the run folder is another than when this object was made, or is gone: what is saved then
  /// would lie where nobody looks for it.
  void check_unmoved() const;
  /// Room for files here, as an unprivileged user sees it; nullopt where the system does not say.
  std::optional<uint64_t> free_bytes() const;

 private:
  bool exists() const;

  std::filesystem::path run_dir_, root_;
  std::optional<std::pair<uint64_t, uint64_t>>
      identity_;  // device and inode of the run folder; none if it was not there
};

/// N of "step-N", or -1 for any other name.
int64_t step_of(const std::string& name);

}  // namespace realface::checkpoints
