#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// Looking through folders, the same on every machine.
namespace realface::data::importers {

enum class FileKind { video, picture, other };

/// By the extension, in any case: what a file claims to be; decoding tells what it is.
FileKind file_kind(const std::filesystem::path& path);

/// A name with a leading dot: a Mac's archive has a `._1.png` beside 1.png.
bool is_hidden(const std::filesystem::path& path);

/// One folder's entries, sorted by name; hidden ones are left out, links are followed. Throws DataError
/// where the folder cannot be read.
struct Folder {
  std::vector<std::filesystem::path> folders, files;
};
Folder read_folder(const std::filesystem::path& path);

/// True where the names are pictures of one numbered sequence: the same text before a number, no number twice, at
/// least two of them.
bool is_frame_sequence(const std::vector<std::filesystem::path>& files);

/// Those that are numbered pictures by their names, in the order of their numbers (2 before 10).
std::vector<std::filesystem::path> in_frame_order(std::vector<std::filesystem::path> files);

/// The number that ends a picture's name, without leading zeros; empty: none.
std::string frame_number(const std::filesystem::path& file);

/// The pictures of a frame folder in that order.
std::vector<std::filesystem::path> frame_files(const std::filesystem::path& folder);

int64_t file_bytes(const std::filesystem::path& path);

}  // namespace realface::data::importers
