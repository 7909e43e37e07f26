#include "base/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace realface {

Descriptor::Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) { ::close(number_); }
}

Descriptor open_file(const std::filesystem::path& path, int flags) {
  return Descriptor(::open(path.c_str(), flags | O_CLOEXEC, 0644));
}

ReadResult read_exactly(const Descriptor& file, uint64_t position, void* out, size_t size) {
  auto* bytes = static_cast<char*>(out);
  ReadResult result;
  while (result.bytes < size) {
    const ssize_t count =
        ::pread(file.number(), bytes + result.bytes, size - result.bytes, static_cast<off_t>(position + result.bytes));
    if (count < 0 && errno == EINTR) { continue; }
    if (count < 0) { result.error = errno; }
    if (count <= 0) { break; }
    result.bytes += static_cast<size_t>(count);
  }
  return result;
}

}  // namespace realface
