#pragma once

#include <compare>
#include <concepts>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace realface::data {

/// Folders of shards that are one dataset together, in this order (`data.shards`).
class Folders {
 public:
  Folders() = default;
  Folders(std::vector<std::string> paths) : paths_(std::move(paths)) {}  // NOLINT(google-explicit-constructor)
  /// One folder is a list of one.
  template <class Path>
    requires std::convertible_to<Path, std::filesystem::path>
  Folders(const Path& path)  // NOLINT(google-explicit-constructor)
      : paths_{std::filesystem::path(path).string()} {}

  const std::vector<std::string>& paths() const { return paths_; }
  /// None, or none that has a name.
  bool empty() const { return text().empty(); }
  /// "a, b", for people.
  std::string text() const {
    std::string text;
    for (const auto& path : paths_) { text += (text.empty() ? "" : ", ") + path; }
    return text;
  }
  auto operator<=>(const Folders&) const = default;

 private:
  std::vector<std::string> paths_;
};

}  // namespace realface::data
