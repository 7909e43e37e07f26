#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "base/error.h"
#include "data/importers/collector.h"
#include "data/importers/deeper_forensics_lists.h"
#include "data/importers/files.h"
#include "data/importers/list_files.h"

namespace realface::data::importers {
namespace fs = std::filesystem;
namespace {

/// Where a FaceForensics++ tree keeps the videos that were manipulated.
fs::path targets_in(const fs::path& tree) { return tree / "original_sequences" / "youtube" / "c23" / "videos"; }

/// The tree that the user names, or one that lies beside `root` and is called like one.
fs::path ffpp_tree(const fs::path& root, const std::string& named) {
  if (!named.empty()) {
    if (fs::is_directory(targets_in(named))) { return named; }
    throw UsageError("[preprocess] --ffpp " + named +
                     " has no original_sequences/youtube/c23/videos; name the root of a FaceForensics++ tree");
  }
  for (const auto& folder : read_folder(fs::absolute(root).parent_path()).folders) {
    std::string name = folder.filename().string();
    std::ranges::transform(name, name.begin(),
                           [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    if ((name.starts_with("ff") || name.starts_with("faceforensics")) && fs::is_directory(targets_in(folder))) {
      return folder;
    }
  }
  return {};
}

class DeeperForensicsImporter {
 public:
  DeeperForensicsImporter(const fs::path& root, const ImportOptions& options)
      : root_(root),
        lists_(read_deeper_lists(root)),
        tree_(ffpp_tree(root, options.ffpp_root)),
        collector_("deeper-forensics", options) {}

  Listing import() {
    const fs::path fakes = root_ / "manipulated_videos";
    if (!fs::is_directory(fakes)) { refuse_tree(root_, "a DeeperForensics-1.0 tree", "manipulated_videos/ in it"); }
    if (fs::exists(root_ / "source_videos")) {
      collector_.leave_out(
          root_ / "source_videos",
          "the actors' recordings are not the real class of this dataset; that is FaceForensics++'s c23 videos, which were manipulated");
    }
    leave_out_others(collector_, root_, {"manipulated_videos", "source_videos", "lists", "splits"},
                     "is no part of DeeperForensics-1.0 that is read");
    find_targets();
    const Folder variants = read_folder(fakes);
    for (const auto& file : variants.files) { collector_.leave_out(file, "is in no folder of a variant"); }
    for (const auto& variant : variants.folders) { add_variant(variant); }
    add_targets();
    return collector_.take();
  }

 private:
  void find_targets() {
    if (tree_.empty()) {
      return collector_.leave_out(root_,
                                  "there are no real videos: they are FaceForensics++'s c23 videos; say --ffpp TREE");
    }
    for (const auto& file : read_folder(targets_in(tree_)).files) {
      if (file_kind(file) == FileKind::video) { targets_[file.stem().string()] = file; }
    }
  }

  Official official(const std::map<std::string, std::string>& splits, const std::string& name) const {
    if (lists_.folder.empty()) {
      return {"", "there is no lists/splits/{train,val,test}.txt; put the official lists there, or say --split hash",
              false};
    }
    const auto found = splits.find(name);
    if (found == splits.end()) { return {"", name + " is in none of lists/splits/{train,val,test}.txt"}; }
    if (found->second.empty()) {
      return {"", "fakes made from it are in several of lists/splits/{train,val,test}.txt"};
    }
    return {found->second, ""};
  }

  void add_variant(const fs::path& folder) {
    std::set<std::string> found;
    const Folder videos = read_folder(folder);
    for (const auto& child : videos.folders) { collector_.leave_out(child, "a folder where videos were expected"); }
    for (const auto& file : videos.files) {
      const std::string stem = file.stem().string();
      const auto name = parse_deeper_name(stem);
      if (file_kind(file) != FileKind::video || !name) {
        collector_.leave_out(file, "its name is not that of a manipulated video such as 000_M101.mp4");
        continue;
      }
      found.insert(stem);
      used_.insert(name->target);
      Source source = video_file(file);
      source.label = 1;
      source.manip = folder.filename().string();
      source.identity = whole_number(name->target);
      source.partner = name->actor;
      if (const auto target = targets_.find(name->target); target != targets_.end()) {
        source.original_path = target->second.string();
      }
      const std::string method = source.manip;
      collector_.add(std::move(source), {method, stem, "ffpp/youtube/" + name->target},
                     official(lists_.split_of, stem));
    }
    for (const auto& [name, split] : lists_.split_of) {
      if (!found.contains(name)) { collector_.absent(folder / (name + ".mp4"), lists_.folder / (split + ".txt")); }
    }
  }

  /// The real class: the targets of the fakes that are there, in the split of these.
  void add_targets() {
    for (const auto& target : used_) {
      const auto file = targets_.find(target);
      if (file == targets_.end()) {
        if (!tree_.empty()) {
          collector_.leave_out(targets_in(tree_) / (target + ".mp4"), "the target of a manipulated video, but absent");
        }
        continue;
      }
      Source source = video_file(file->second);
      source.compression = "c23";
      source.identity = whole_number(target);
      collector_.add(std::move(source), {"youtube", target, "ffpp/youtube/" + target},
                     official(lists_.target_in, target));
    }
  }

  fs::path root_;
  DeeperLists lists_;
  fs::path tree_;  // FaceForensics++; empty: not found
  Collector collector_;
  std::map<std::string, fs::path> targets_;  // id -> file
  std::set<std::string> used_;               // ids that fakes were made from
};

}  // namespace

Listing import_deeper_forensics(const fs::path& root, const ImportOptions& options) {
  return DeeperForensicsImporter(root, options).import();
}

}  // namespace realface::data::importers
