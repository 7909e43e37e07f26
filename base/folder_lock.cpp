#include "base/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>
#include <thread>

#include "base/error.h"

namespace realface {
namespace {

enum class Attempt { locked, busy, unsupported };

Attempt attempt(const Descriptor& folder) {
  while (::flock(folder.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) { continue; }
    // NFS and some parallel file systems refuse to lock a folder; work goes on unguarded there.
    return errno == EWOULDBLOCK ? Attempt::busy : Attempt::unsupported;
  }
  return Attempt::locked;
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder, std::chrono::milliseconds patience)
    : folder_(open_file(folder, O_RDONLY | O_DIRECTORY)) {
  if (!folder_) { throw Error("[" + folder.string() + "] cannot be opened as a folder: " + std::strerror(errno)); }
  const std::string path = folder.string();
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (attempt(folder_) == Attempt::busy) {
    if (std::chrono::steady_clock::now() >= deadline) {
      throw Error("[" + path + "] another realface writes to this folder; wait for its end or stop it first");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace realface
