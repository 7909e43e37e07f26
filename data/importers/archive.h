#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

/// Files inside a tar, tar.gz, tar.bz2, tar.xz or tar.zst, known by their contents and not by their extension. Folders
/// and links inside are passed over. An archive is read from its start to its end, in one pass: a compressed one has no
/// index.
///
/// Throw DataError naming the archive where it cannot be opened, is no such archive, or is damaged or cut off; what was
/// given before the fault was whole. A tar has checksums of its headers alone: that the bytes of a file are right is
/// for its own format to tell. May be called from several threads at once.
namespace realface::data {

struct ArchiveEntry {
  std::string name;   // as stored, without a leading "./"
  int64_t bytes = 0;  // as the header says
};

/// True for .tar, .tar.gz, .tgz, .tar.bz2, .tar.xz and .tar.zst, in any case: what a file claims to be.
bool is_archive_name(const std::filesystem::path& path);

/// All files, in the order of storage.
std::vector<ArchiveEntry> list_archive(const std::filesystem::path& path);

/// Asks `wanted` of every file, in the order of storage, and gives `take` the bytes of those that it wants. What they
/// throw passes through, which is also the way to stop early. Memory grows with what is really there, one file at a
/// time, so `wanted` should refuse sizes that it cannot use.
void read_archive(const std::filesystem::path& path, const std::function<bool(const ArchiveEntry&)>& wanted,
                  const std::function<void(const ArchiveEntry&, std::vector<uint8_t>&&)>& take);

}  // namespace realface::data
