#pragma once

#include <filesystem>
#include <string>

namespace realface::checkpoints {

/// "[path]": how a message names the file or folder that it is about.
inline std::string subject_of(const std::filesystem::path& path) {
  std::string text(1, '[');
  text.append(path.string());
  text.push_back(']');
  return text;
}

}  // namespace realface::checkpoints
