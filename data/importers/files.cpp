#include "data/importers/files.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>

#include "base/error.h"

namespace realface::data::importers {
namespace fs = std::filesystem;
namespace {

const std::set<std::string> kVideos = {".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg",
                                       ".wmv", ".flv", ".3gp", ".ts",  ".mts", ".m2ts", ".y4m", ".ogv"};
const std::set<std::string> kPictures = {".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"};

/// The stem split into text and the number that ends it.
struct Numbered {
  std::string text, digits;
};

std::optional<Numbered> numbered(const fs::path& path) {
  const std::string stem = path.stem().string();
  size_t start = stem.size();
  while (start > 0 && std::isdigit(static_cast<unsigned char>(stem[start - 1]))) { --start; }
  if (start == stem.size()) { return std::nullopt; }
  return Numbered{stem.substr(0, start), stem.substr(start)};
}

/// The number without leading zeros: ordered by length, then by digits, it needs no integer that could overflow.
std::pair<size_t, std::string> number_order(const std::string& digits) {
  const size_t first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
  return {digits.size() - first, digits.substr(first)};
}

}  // namespace

FileKind file_kind(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& letter : extension) { letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter))); }
  if (kVideos.contains(extension)) { return FileKind::video; }
  return kPictures.contains(extension) ? FileKind::picture : FileKind::other;
}

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with("."); }

Folder read_folder(const fs::path& path) {
  std::error_code error;
  fs::directory_iterator entries(path, error);
  if (error) { throw DataError("[" + path.string() + "] cannot be listed: " + error.message()); }
  Folder folder;
  for (const auto& entry : entries) {
    if (is_hidden(entry.path())) { continue; }
    (entry.is_directory(error) ? folder.folders : folder.files).push_back(entry.path());
  }
  std::ranges::sort(folder.folders);
  std::ranges::sort(folder.files);
  return folder;
}

bool is_frame_sequence(const std::vector<fs::path>& files) {
  if (files.size() < 2) { return false; }
  std::optional<std::string> text;
  std::set<std::pair<size_t, std::string>> numbers;
  for (const auto& file : files) {
    const auto name = numbered(file);
    if (file_kind(file) != FileKind::picture || !name) { return false; }
    if (text && *text != name->text) { return false; }
    text = name->text;
    if (!numbers.insert(number_order(name->digits)).second) { return false; }
  }
  return true;
}

std::vector<fs::path> in_frame_order(std::vector<fs::path> files) {
  std::erase_if(files, [](const fs::path& file) { return !numbered(file) || file_kind(file) != FileKind::picture; });
  std::ranges::sort(files, {}, [](const fs::path& file) { return number_order(numbered(file)->digits); });
  return files;
}

std::string frame_number(const fs::path& file) {
  const auto name = numbered(file);
  return name ? number_order(name->digits).second : "";
}

std::vector<fs::path> frame_files(const fs::path& folder) { return in_frame_order(read_folder(folder).files); }

int64_t file_bytes(const fs::path& path) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  return error ? 0 : static_cast<int64_t>(bytes);  // unreadable: decoding says so, by name
}

}  // namespace realface::data::importers
