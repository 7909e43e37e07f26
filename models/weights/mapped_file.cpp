#include "models/weights/mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/file.h"

namespace realface::models {

MappedFile::MappedFile(const std::filesystem::path& path) {
  const auto refuse = [&](const std::string& why) { throw Error(fmt::format("{} {}", subject_of(path), why)); };
  const auto file = open_file(path, O_RDONLY);
  struct stat facts {};
  if (!file || ::fstat(file.number(), &facts) != 0) {
    refuse(fmt::format("cannot be opened for reading: {}", std::strerror(errno)));
  }
  if (!S_ISREG(facts.st_mode)) {
    refuse(S_ISDIR(facts.st_mode) ? "is a folder; expected a file" : "is no regular file");
  }
  size_ = static_cast<size_t>(facts.st_size);
  if (size_ == 0) { return; }
  memory_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file.number(), 0);
  if (memory_ == MAP_FAILED) { refuse(fmt::format("cannot be mapped: {}", std::strerror(errno))); }
}

MappedFile::~MappedFile() {
  if (size_ > 0) { ::munmap(memory_, size_); }
}

}  // namespace realface::models
