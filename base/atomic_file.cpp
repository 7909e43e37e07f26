#include "base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace realface {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(const fs::path& path, const std::string& what, int code) {
  throw Error("[" + path.string() + "] " + what + ": " + std::strerror(code) +
              (code == ENOSPC ? "; free some space there or write somewhere else" : ""));
}

Descriptor open_or_fail(const fs::path& path, int flags, const std::string& fault) {
  auto file = open_file(path, flags);
  if (!file) { fail(path, fault, errno); }
  return file;
}

void write_all(const Descriptor& file, const fs::path& path, std::string_view bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t written = ::write(file.number(), bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno == EINTR) { continue; }
    if (written < 0) { fail(path, "cannot be written", errno); }
    done += static_cast<size_t>(written);
  }
}

}  // namespace

void sync_path(const fs::path& path) {
  const auto file = open_or_fail(path, O_RDONLY, "cannot be opened to sync it");
  if (::fsync(file.number()) != 0) { fail(path, "cannot be synced to disk", errno); }
}

void publish_rename(const fs::path& from, const fs::path& to) {
  sync_path(from);
  std::error_code error;
  fs::rename(from, to, error);
  if (error) { fail(to, "cannot be published by renaming " + from.string(), error.value()); }
  sync_path(to.has_parent_path() ? to.parent_path() : fs::path("."));
}

void publish_file(const fs::path& path, const std::string& bytes) {
  publish_pieces(path, [&](const TakePiece& take) { take(bytes); });
}

void publish_pieces(const fs::path& path, const std::function<void(const TakePiece&)>& write) {
  const fs::path temporary = path.string() + ".tmp." + std::to_string(::getpid());
  try {
    {
      const auto file = open_or_fail(temporary, O_WRONLY | O_CREAT | O_TRUNC, "cannot be opened for writing");
      write([&](std::string_view piece) { write_all(file, temporary, piece); });
    }
    publish_rename(temporary, path);  // which syncs it
  } catch (...) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    throw;
  }
}

std::string read_file(const fs::path& path) {
  const auto file = open_or_fail(path, O_RDONLY, "cannot be opened for reading");
  std::string text;
  std::vector<char> piece(1 << 16);
  while (true) {
    const ssize_t count = ::read(file.number(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) { continue; }
    if (count < 0 && errno == EISDIR) { throw Error("[" + path.string() + "] is a folder; expected a file"); }
    if (count < 0) { fail(path, "could not be read to its end", errno); }
    if (count == 0) { return text; }
    text.append(piece.data(), static_cast<size_t>(count));
  }
}

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) { fail(path, "cannot be made as a folder", error.value()); }
  if (!fs::is_directory(path)) { fail(path, "cannot be made as a folder", ENOTDIR); }
}

}  // namespace realface
