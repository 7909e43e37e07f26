#pragma once

#include <chrono>
#include <filesystem>

#include "base/file.h"

namespace realface {

/// One writer a folder: held while this object lives, and given up by the kernel when the process dies, however it dies
/// (flock(2) on the folder itself, so no lock file can stay behind). Does not see a writer on another host where the
/// file system keeps no locks, or keeps them per host.
class FolderLock {
 public:
  /// Waits up to `patience` for the holder to end, since the ranks of a killed job take a moment to die, then throws
  /// Error naming the folder. `folder` must exist.
  explicit FolderLock(const std::filesystem::path& folder,
                      std::chrono::milliseconds patience = std::chrono::seconds(10));

 private:
  Descriptor folder_;
};

}  // namespace realface
