#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "data/shards/reader.h"

namespace realface::data {

PositionedFile::PositionedFile(const std::filesystem::path& path) : path_(path), file_(open_file(path, O_RDONLY)) {
  if (!file_) { throw DataError("[" + path.string() + "] cannot be opened: " + std::strerror(errno)); }
}

void PositionedFile::read(uint64_t position, void* out, size_t size) const {
  const auto [bytes, error] = read_exactly(file_, position, out, size);
  if (error != 0) { throw DataError("[" + path_.string() + "] cannot be read: " + std::strerror(error)); }
  if (bytes < size) {
    throw DataError("[" + path_.string() + "] ends at byte " + std::to_string(position + bytes) + "; " +
                    std::to_string(size - bytes) + " more were expected: it was cut short; copy it again");
  }
}

void PositionedFile::advise(uint64_t position, size_t size) const {
  if (size == 0) {
    return;  // it would mean: to the end of the file
  }
  ::posix_fadvise(file_.number(), static_cast<off_t>(position), static_cast<off_t>(size), POSIX_FADV_WILLNEED);
}

void PositionedFile::forget(uint64_t position, size_t size) const {
  if (size == 0) {
    return;  // it would mean: to the end of the file
  }
  // Pages that a range covers in part are kept; what is damaged may lie there.
  const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  const uint64_t begin = position / page * page, end = (position + size + page - 1) / page * page;
  ::posix_fadvise(file_.number(), static_cast<off_t>(begin), static_cast<off_t>(end - begin), POSIX_FADV_DONTNEED);
}

int64_t PositionedFile::size() const {
  struct stat facts {};
  if (::fstat(file_.number(), &facts) != 0) {
    throw DataError("[" + path_.string() + "] cannot be examined: " + std::strerror(errno));
  }
  return facts.st_size;
}

}  // namespace realface::data
