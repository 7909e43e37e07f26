#include "base/atomic_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/error.h"

namespace realface {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(const fs::path& path, const std::string& what, int code) {
  throw Error("[" + path.string() + "] " + what + ": " + std::strerror(code) +
              (code == ENOSPC ? "; free some space there or write somewhere else" : ""));
}

/// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags) : number_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    if (number_ < 0) { fail(path, "cannot be opened for writing", errno); }
  }
  ~Descriptor() { ::close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

void write_all(const Descriptor& file, const fs::path& path, const std::string& bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t written = ::write(file.number(), bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno == EINTR) { continue; }
    if (written < 0) { fail(path, "cannot be written", errno); }
    done += static_cast<size_t>(written);
  }
  if (::fsync(file.number()) != 0) { fail(path, "cannot be synced to disk", errno); }
}

}  // namespace

void sync_path(const fs::path& path) {
  const int number = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (number < 0) { fail(path, "cannot be opened to sync it", errno); }
  const int result = ::fsync(number);
  const int code = errno;
  ::close(number);
  if (result != 0) { fail(path, "cannot be synced to disk", code); }
}

void publish_rename(const fs::path& from, const fs::path& to) {
  sync_path(from);
  std::error_code error;
  fs::rename(from, to, error);
  if (error) { fail(to, "cannot be published by renaming " + from.string(), error.value()); }
  sync_path(to.has_parent_path() ? to.parent_path() : fs::path("."));
}

void publish_file(const fs::path& path, const std::string& bytes) {
  const fs::path temporary = path.string() + ".tmp." + std::to_string(::getpid());
  try {
    write_all(Descriptor(temporary, O_WRONLY | O_CREAT | O_TRUNC), temporary, bytes);
    publish_rename(temporary, path);
  } catch (...) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    throw;
  }
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) { fail(path, "cannot be opened for reading", errno); }
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad()) { fail(path, "could not be read to its end", errno); }
  return std::move(text).str();
}

void make_folder(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) { fail(path, "cannot be made as a folder", error.value()); }
  if (!fs::is_directory(path)) { fail(path, "cannot be made as a folder", ENOTDIR); }
}

}  // namespace realface
