#include "checkpoints/saving/output_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/crc32c.h"
#include "base/error.h"

namespace realface::checkpoints {
namespace {

// Checksum and write alternate over pieces that stay in the cache, so the bytes are read from memory once.
constexpr size_t kPiece = 1 << 20;

bool is_no_room(int code) { return code == ENOSPC || code == EDQUOT || code == EFBIG; }

std::string describe(const std::filesystem::path& path, const std::string& what, int code) {
  return subject_of(path) + " " + what + ": " + std::strerror(code) +
         (is_no_room(code) ? "; free some space there, or lower checkpoint.keep" : "");
}

}  // namespace

WriteError::WriteError(const std::filesystem::path& path, const std::string& what, int code)
    : CheckpointError(describe(path, what, code)), code_(code) {}

bool WriteError::no_room() const { return is_no_room(code_); }

OutputFile::OutputFile(const std::filesystem::path& path)
    : path_(path), file_(open_file(path, O_WRONLY | O_CREAT | O_TRUNC)) {
  if (!file_) { throw WriteError(path_, "cannot be opened for writing", errno); }
}

void OutputFile::write(const void* data, size_t size) {
  const auto* next = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(file_.number(), next, std::min(size, kPiece));
    if (written < 0 && errno == EINTR) { continue; }
    if (written < 0) { throw WriteError(path_, "cannot be written", errno); }
    const auto count = static_cast<size_t>(written);
    crc_ = realface::crc32c(next, count, crc_);
    bytes_ += count;
    next += count;
    size -= count;
  }
}

void OutputFile::sync() {
  if (::fsync(file_.number()) != 0) { throw WriteError(path_, "cannot be synced to disk", errno); }
}

void make_step_folder(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error && !std::filesystem::is_directory(path, error)) {
    error = std::make_error_code(std::errc::not_a_directory);
  }
  if (error) { throw WriteError(path, "cannot be made as a folder", error.value()); }
}

}  // namespace realface::checkpoints
