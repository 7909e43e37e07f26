#include "checkpoints/failpoint.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <map>
#include <string>
#include <thread>

#include "base/failpoint.h"
#include "checkpoints/saving/output_file.h"

namespace realface::checkpoints {

void failpoint(const char* name) {
  const auto asked = asked_failure(name);
  if (!asked) { return; }
  if (asked->empty()) { ::kill(::getpid(), SIGKILL); }
  if (*asked == "SLEEP") { std::this_thread::sleep_for(std::chrono::milliseconds(200)); }
  static const std::map<std::string, int> kErrors = {{"ENOSPC", ENOSPC}, {"EIO", EIO}, {"EROFS", EROFS}};
  const auto error = kErrors.find(*asked);
  if (error != kErrors.end()) {
    throw WriteError(name, "failed because REALFACE_FAILPOINT asks for it", error->second);
  }
}

}  // namespace realface::checkpoints
