#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/file.h"

namespace realface::checkpoints {

/// A write that the system refused.
class WriteError : public CheckpointError {
 public:
  WriteError(const std::filesystem::path& path, const std::string& what, int code);
  /// The disk, the quota or the allowed file size is used up: waiting or pruning may help.
  bool no_room() const;

 private:
  int code_;
};

/// A new file that is written front to back, with the CRC-32C of what went in. Not shared between threads. Every
/// failure is a WriteError; closing without `sync` promises nothing.
class OutputFile {
 public:
  explicit OutputFile(const std::filesystem::path& path);

  void write(const void* data, size_t size);
  void sync();
  uint64_t bytes() const { return bytes_; }
  uint32_t crc32c() const { return crc_; }

 private:
  std::filesystem::path path_;
  Descriptor file_;
  uint64_t bytes_ = 0;
  uint32_t crc_ = 0;
};

/// Makes a folder (its parents too) or throws WriteError; one that is there is fine.
void make_step_folder(const std::filesystem::path& path);

}  // namespace realface::checkpoints
