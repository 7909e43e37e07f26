#include "checkpoints/failpoint.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>

#include "checkpoints/output_file.h"

namespace realface::checkpoints {

void failpoint(const char* name) {
  const char* wanted = std::getenv("REALFACE_FAILPOINT");
  if (wanted == nullptr) return;
  const std::string text = wanted;
  if (text == name) ::kill(::getpid(), SIGKILL);
  static const std::map<std::string, int> kErrors = {{"ENOSPC", ENOSPC}, {"EIO", EIO}, {"EROFS", EROFS}};
  const auto colon = text.find(':');
  if (colon == std::string::npos || text.substr(0, colon) != name) return;
  if (text.substr(colon + 1) == "SLEEP") std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const auto error = kErrors.find(text.substr(colon + 1));
  if (error != kErrors.end()) throw WriteError(name, "failed because REALFACE_FAILPOINT asks for it", error->second);
}

}  // namespace realface::checkpoints
