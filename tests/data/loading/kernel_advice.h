#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace realface::data {

/// A range that the kernel is asked to drop its copy of.
struct Forgotten {
  std::string file;  // its name, without folders
  uint64_t begin = 0, end = 0;
  auto operator<=>(const Forgotten&) const = default;
};

/// What happens at such a question, from the thread that asks; empty: nothing. Tests take the place of posix_fadvise,
/// which does as it is told afterwards.
std::function<void(const Forgotten&)>& on_forget();

}  // namespace realface::data
