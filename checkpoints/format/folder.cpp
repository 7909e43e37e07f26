#include "checkpoints/format/folder.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <charconv>
#include <functional>

#include "base/error.h"
#include "checkpoints/failpoint.h"

namespace realface::checkpoints {
namespace fs = std::filesystem;

namespace {

std::optional<std::pair<uint64_t, uint64_t>> identity_of(const fs::path& folder) {
  struct stat facts {};
  if (::stat(folder.c_str(), &facts) != 0) { return std::nullopt; }
  return std::pair<uint64_t, uint64_t>(facts.st_dev, facts.st_ino);
}

}  // namespace

int64_t step_of(const std::string& name) {
  const std::string prefix = "step-";
  if (!name.starts_with(prefix)) { return -1; }
  int64_t step = -1;
  const char* end = name.data() + name.size();
  const auto result = std::from_chars(name.data() + prefix.size(), end, step);
  // One spelling a step: "step-007" or "step-7x" would be somebody else's.
  return result.ec == std::errc() && result.ptr == end && name == prefix + std::to_string(step) ? step : -1;
}

Folder::Folder(const fs::path& run_dir)
    : run_dir_(run_dir), root_(run_dir / "checkpoints"), identity_(identity_of(run_dir)) {}

void Folder::check_unmoved() const {
  if (!identity_ || identity_of(run_dir_) == identity_) { return; }
  throw CheckpointError(
      fmt::format("{} was moved, replaced or deleted while the run was writing to it; bring it back and start the run "
                  "again, which continues from its last checkpoint",
                  subject_of(run_dir_)));
}

bool Folder::exists() const {
  if (fs::is_directory(root_)) { return true; }
  const auto status = fs::symlink_status(root_);
  if (!fs::exists(status)) { return false; }
  const auto what = fs::is_symlink(status) ? "a link to " + fs::read_symlink(root_).string() + ", which is not there"
                                           : std::string("not a folder");
  throw CheckpointError(
      fmt::format("{} is {}; mount or restore what it stood for, or remove it to start over", subject_of(root_), what));
}

std::vector<int64_t> Folder::steps() const {
  std::vector<int64_t> steps;
  if (!exists()) { return steps; }
  for (const auto& entry : fs::directory_iterator(root_)) {
    const int64_t step = entry.is_directory() ? step_of(entry.path().filename().string()) : -1;
    if (step >= 0) { steps.push_back(step); }
  }
  std::sort(steps.begin(), steps.end(), std::greater<>());
  return steps;
}

std::vector<std::string> Folder::sweep() const {
  std::vector<std::string> names;
  if (!exists()) { return names; }
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
