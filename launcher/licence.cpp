#include "launcher/licence.h"

#include <fmt/format.h>

namespace realface::launcher {

std::string licence_line(const std::string& licence) {
  if (licence.find("NC") == std::string::npos) {
    return fmt::format("licence       {}\n", licence.empty() ? "not stated" : licence);
  }
  return fmt::format(
      "licence       {}: not for commercial use, nor is what is trained from these weights; it is kept in all of it\n",
      licence);
}

}  // namespace realface::launcher
