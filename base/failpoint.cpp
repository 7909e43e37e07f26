#include "base/failpoint.h"

#include <cstdlib>

namespace realface {

std::optional<std::string> asked_failure(const std::string& name) {
  const char* variable = std::getenv("REALFACE_FAILPOINT");
  const std::string text = variable == nullptr ? "" : variable;
  const size_t colon = text.find(':');
  if (text.substr(0, colon) != name) { return std::nullopt; }
  return colon == std::string::npos ? "" : text.substr(colon + 1);
}

}  // namespace realface
