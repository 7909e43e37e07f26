#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "data/shards/reader.h"

namespace realface::data {

PositionedFile::PositionedFile(const std::filesystem::path& path)
    : path_(path), descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (descriptor_ < 0) { throw DataError("[" + path.string() + "] cannot be opened: " + std::strerror(errno)); }
}

PositionedFile::PositionedFile(PositionedFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

PositionedFile& PositionedFile::operator=(PositionedFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

PositionedFile::~PositionedFile() {
  if (descriptor_ >= 0) { ::close(descriptor_); }
}

void PositionedFile::read(uint64_t position, void* out, size_t size) const {
  auto* at = static_cast<char*>(out);
  while (size > 0) {
    const ssize_t got = ::pread(descriptor_, at, size, static_cast<off_t>(position));
    if (got < 0 && errno == EINTR) { continue; }
    if (got < 0) { throw DataError("[" + path_.string() + "] cannot be read: " + std::strerror(errno)); }
    if (got == 0) {
      throw DataError("[" + path_.string() + "] ends at byte " + std::to_string(position) + "; " +
                      std::to_string(size) + " more were expected: it was cut short; copy it again");
    }
    at += got;
    position += static_cast<uint64_t>(got);
    size -= static_cast<size_t>(got);
  }
}

void PositionedFile::advise(uint64_t position, size_t size) const {
  if (size == 0) {
    return;  // it would mean: to the end of the file
  }
  ::posix_fadvise(descriptor_, static_cast<off_t>(position), static_cast<off_t>(size), POSIX_FADV_WILLNEED);
}

void PositionedFile::forget(uint64_t position, size_t size) const {
  if (size == 0) {
    return;  // it would mean: to the end of the file
  }
  // Pages that a range covers in part are kept; what is damaged may lie there.
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  const uint64_t begin = position / page * page, end = (position + size + page - 1) / page * page;
  ::posix_fadvise(descriptor_, static_cast<off_t>(begin), static_cast<off_t>(end - begin), POSIX_FADV_DONTNEED);
}

int64_t PositionedFile::size() const {
  struct stat facts {};
  if (::fstat(descriptor_, &facts) != 0) {
    throw DataError("[" + path_.string() + "] cannot be examined: " + std::strerror(errno));
  }
  return facts.st_size;
}

}  // namespace realface::data
