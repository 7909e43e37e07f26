#include "checkpoints/format/folder.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "base/error.h"
#include "checkpoints/failpoint.h"
#include "checkpoints/subject.h"

namespace realface::checkpoints {
namespace fs = std::filesystem;

int64_t step_of(const std::string& name) {
  const std::string prefix = "step-";
  if (!name.starts_with(prefix)) { return -1; }
  int64_t step = -1;
  const char* end = name.data() + name.size();
  const auto result = std::from_chars(name.data() + prefix.size(), end, step);
  // One spelling a step: "step-007" or "step-7x" would be somebody else's.
  return result.ec == std::errc() && result.ptr == end && name == prefix + std::to_string(step) ? step : -1;
}

std::vector<int64_t> Folder::steps() const {
  std::vector<int64_t> steps;
  if (!fs::is_directory(root_)) { return steps; }
  for (const auto& entry : fs::directory_iterator(root_)) {
    const int64_t step = entry.is_directory() ? step_of(entry.path().filename().string()) : -1;
    if (step >= 0) { steps.push_back(step); }
  }
  std::sort(steps.begin(), steps.end(), std::greater<>());
  return steps;
}

std::vector<std::string> Folder::sweep() const {
  std::vector<std::string> names;
  if (!fs::is_directory(root_)) { return names; }
  for (const auto& entry : fs::directory_iterator(root_)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("step-") && name.ends_with(".tmp")) { names.push_back(name); }
  }
  for (const auto& name : names) {
    std::error_code error;
    fs::remove_all(root_ / name, error);
    if (error) {
      throw Error(subject_of(root_ / name) +
                  " was left by an interrupted save and cannot be removed: " + error.message() + "; remove it by hand");
    }
  }
  return names;
}

void Folder::remove(int64_t number) const {
  const fs::path hidden = root_ / ("step-" + std::to_string(number) + ".old.tmp");
  std::error_code error;
  fs::remove_all(hidden, error);
  fs::rename(step(number), hidden, error);
  failpoint("checkpoint.removing");
  if (!error) { fs::remove_all(hidden, error); }
  if (error) { throw Error(subject_of(step(number)) + " cannot be removed: " + error.message()); }
}

std::optional<uint64_t> Folder::free_bytes() const {
  struct statvfs status {};
  fs::path path = fs::absolute(root_);
  std::error_code ignored;
  while (!fs::exists(path, ignored) && path.has_relative_path()) { path = path.parent_path(); }
  if (::statvfs(path.c_str(), &status) != 0) { return std::nullopt; }
  return static_cast<uint64_t>(status.f_bavail) * static_cast<uint64_t>(status.f_frsize);
}

}  // namespace realface::checkpoints
