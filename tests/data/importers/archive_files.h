#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

/// Archives for tests.
namespace realface::data {

/// Name and bytes of each file. A name that ends in "/" is a folder.
using ArchiveFiles = std::vector<std::pair<std::string, std::string>>;

/// Writes a tar; `filter` is "none", "gzip", "bzip2", "xz" or "zstd".
void write_archive(const std::filesystem::path& path, const ArchiveFiles& files, const std::string& filter = "gzip");

/// The bytes of a tar, written field by field as POSIX.1-1988 has them: an oracle that knows no library.
std::string plain_tar(const ArchiveFiles& files);

}  // namespace realface::data
