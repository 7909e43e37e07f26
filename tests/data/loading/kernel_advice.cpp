#include "tests/data/loading/kernel_advice.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace realface::data {

std::function<void(const Forgotten&)>& on_forget() {
  static std::function<void(const Forgotten&)> action;
  return action;
}

}  // namespace realface::data

/// Takes the place of the C library's, in this program.
extern "C" int posix_fadvise(int file, off_t begin, off_t size, int advice) noexcept {
  if (const auto& action = realface::data::on_forget(); advice == POSIX_FADV_DONTNEED && action) {
    const auto path = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(file));
    action({path.filename(), static_cast<uint64_t>(begin), static_cast<uint64_t>(begin + size)});
  }
  return ::syscall(SYS_fadvise64, file, begin, size, advice) == 0 ? 0 : errno;
}
