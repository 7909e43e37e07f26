#include <set>

#include "base/error.h"
#include "data/importers/collector.h"
#include "data/importers/files.h"

namespace realface::data::importers {
namespace fs = std::filesystem;
namespace {

/// One walk through a folder of anything.
class FolderImporter {
 public:
  FolderImporter(const fs::path& root, const ImportOptions& options) : root_(root), options_(options) {}

  Listing import() {
    walk(root_, true);
    return std::move(listing_);
  }

 private:
  void walk(const fs::path& path, bool is_root) {
    // A link to a folder above would be walked for ever.
    if (!seen_.insert(fs::canonical(path)).second) { return; }
    const Folder folder = read_folder(path);
    if (is_video(folder, is_root)) {
      add_frames(path, folder);
    } else {
      for (const auto& file : folder.files) { add_file(file); }
    }
    for (const auto& child : folder.folders) { walk(child, false); }
  }

  // Pictures of the root itself are photographs, also when they are numbered: a dataset of portraits looks like that.
  bool is_video(const Folder& folder, bool is_root) const {
    if (options_.pictures == "single" || (options_.pictures == "auto" && is_root)) { return false; }
    return is_frame_sequence(folder.files);
  }

  void add_frames(const fs::path& path, const Folder& folder) {
    Source source = describe(path);
    source.kind = SourceKind::frames;
    source.files = static_cast<int64_t>(folder.files.size());
    source.bytes = 0;
    for (const auto& file : folder.files) { source.bytes += file_bytes(file); }
    listing_.sources.push_back(std::move(source));
  }

  void add_file(const fs::path& file) {
    const FileKind kind = file_kind(file);
    if (kind == FileKind::other) {
      listing_.unplaced.push_back({file.string(), "neither a video nor a picture by its name"});
      return;
    }
    Source source = describe(file);
    source.kind = kind == FileKind::video ? SourceKind::video : SourceKind::picture;
    source.bytes = file_bytes(file);
    listing_.sources.push_back(std::move(source));
  }

  // The extension stays in the key: a.mp4 and a.avi are two videos.
  Source describe(const fs::path& path) const {
    Source source;
    const std::string name = "folder/" + path.lexically_relative(root_).generic_string();
    source.path = path.string();
    source.dataset = "folder";
    source.compression = "unknown";
    source.key = bounded_key(name);
    source.group = group_number(name);
    source.split = place(options_.split, {"train", ""}, source.group).split;
    return source;
  }

  fs::path root_;
  const ImportOptions& options_;
  std::set<fs::path> seen_;
  Listing listing_;
};

}  // namespace

Listing import_folder(const fs::path& root, const ImportOptions& options) {
  return FolderImporter(root, options).import();
}

}  // namespace realface::data::importers
