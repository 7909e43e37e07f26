#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace realface::checkpoints {

/// RUN/checkpoints/ and the names in it: `step-N` is committed, anything that ends in `.tmp` is not.
class Folder {
 public:
  explicit Folder(const std::filesystem::path& run_dir) : root_(run_dir / "checkpoints") {}

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path step(int64_t step) const { return root_ / ("step-" + std::to_string(step)); }
  std::filesystem::path temporary(int64_t step) const { return root_ / ("step-" + std::to_string(step) + ".tmp"); }

  /// Committed steps, newest first; whether they are sound is another question. None where there is no folder.
  std::vector<int64_t> steps() const;
  /// Removes what an interrupted save or removal left, and returns its names. Throws Error.
  std::vector<std::string> sweep() const;
  /// Takes a committed checkpoint out of sight by renaming it, then deletes it: a kill in between leaves no half of
  /// one.
  void remove(int64_t step) const;
  /// Room for files here, as an unprivileged user sees it; nullopt where the system does not say.
  std::optional<uint64_t> free_bytes() const;

 private:
  std::filesystem::path root_;
};

/// N of "step-N", or -1 for any other name.
int64_t step_of(const std::string& name);

}  // namespace realface::checkpoints
