#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

/// Files that exist whole or not at all: written beside their place, synced, renamed, and the folder synced. Throw
/// Error with the system's reason.
namespace realface {

/// Writes `bytes` to `path` so that a reader sees the old file or the new one, also after a power loss.
void publish_file(const std::filesystem::path& path, const std::string& bytes);

/// Likewise, of pieces that `write` hands on one after another: the whole need never lie in memory.
using TakePiece = std::function<void(std::string_view piece)>;
void publish_pieces(const std::filesystem::path& path, const std::function<void(const TakePiece&)>& write);

/// Renames `from` to `to` (same file system), syncing what was renamed and the folder that holds it. `from` may be a
/// folder whose files were synced.
void publish_rename(const std::filesystem::path& from, const std::filesystem::path& to);

/// fsync of a file or a folder.
void sync_path(const std::filesystem::path& path);

/// The whole file, or Error naming it; a folder is no file.
std::string read_file(const std::filesystem::path& path);

/// Makes the folder and its parents; an error names the folder and the reason (no space, no permission, a file in the
/// way).
void make_folder(const std::filesystem::path& path);

}  // namespace realface
