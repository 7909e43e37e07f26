#include <map>
#include <optional>
#include <regex>
#include <set>

#include "data/importers/celeb_df_list.h"
#include "data/importers/collector.h"
#include "data/importers/files.h"

namespace realface::data::importers {
namespace fs = std::filesystem;
namespace {

constexpr const char* kFolders[] = {"Celeb-real", "YouTube-real", "Celeb-synthesis"};

/// What a file's name says.
struct CelebDfName {
  int32_t person = -1, partner = -1;  // the persons of YouTube-real have no numbers
  std::string original;               // of a fake: the real video's stem
};

/// `id0_0000`, `00000`, and `id0_id16_0000`: the face of 16 put into video id0_0000.
std::optional<CelebDfName> parse(const std::string& folder, const std::string& stem) {
  static const std::regex kReal("id(\\d{1,8})_\\d+"), kYouTube("\\d+"), kFake("(id(\\d{1,8}))_id(\\d{1,8})_(\\d+)");
  std::smatch match;
  if (folder == "YouTube-real") {
    return std::regex_match(stem, kYouTube) ? std::optional(CelebDfName{}) : std::nullopt;
  }
  if (folder == "Celeb-real") {
    return std::regex_match(stem, match, kReal) ? std::optional(CelebDfName{std::stoi(match[1]), -1, ""})
                                                : std::nullopt;
  }
  if (!std::regex_match(stem, match, kFake)) { return std::nullopt; }
  return CelebDfName{std::stoi(match[2]), std::stoi(match[3]), match[1].str() + "_" + match[4].str()};
}

class CelebDfImporter {
 public:
  CelebDfImporter(const std::string& dataset, const fs::path& root, const ImportOptions& options)
      : root_(root), list_(root / "List_of_testing_videos.txt"), collector_(dataset, options) {}

  Listing import() {
    for (const auto* folder : kFolders) { find(folder); }
    if (videos_.empty()) {
      refuse_tree(root_, "a Celeb-DF tree", "Celeb-real/, YouTube-real/ and Celeb-synthesis/ in it");
    }
    leave_out_others(collector_, root_, {kFolders[0], kFolders[1], kFolders[2], list_.filename().string()},
                     "is none of Celeb-real/, YouTube-real/ and Celeb-synthesis/");
    read_list();
    for (const auto& [folder, files] : videos_) {
      for (const auto& [stem, file] : files) { add(folder, stem, file); }
    }
    for (const auto& [folder, stem] : listed_) {
      if (!videos_[folder].contains(stem)) { collector_.absent(root_ / folder / (stem + ".mp4"), list_); }
    }
    return collector_.take();
  }

 private:
  // Some tools put a level `videos` below each class.
  void find(const std::string& folder) {
    if (!fs::is_directory(root_ / folder)) { return; }
    auto& videos = videos_[folder];
    for (const auto& place : {root_ / folder, root_ / folder / "videos"}) {
      if (!fs::is_directory(place)) { continue; }
      const Folder found = read_folder(place);
      for (const auto& file : found.files) {
        if (file_kind(file) != FileKind::video) {
          collector_.leave_out(file, "not a video by its name");
        } else if (const auto [twin, fresh] = videos.try_emplace(file.stem().string(), file); !fresh) {
          collector_.leave_out(file, "has the name of " + twin->second.string() + ", which is taken");
        }
      }
      for (const auto& child : found.folders) {
        if (child.filename() != "videos") { collector_.leave_out(child, "a folder where videos were expected"); }
      }
    }
  }

  void read_list() {
    has_list_ = fs::exists(list_);
    if (!has_list_) { return; }
    for (const auto& entry : read_celeb_df_list(list_)) { listed_.insert({entry.folder, entry.stem}); }
  }

  Official official(const std::string& folder, const std::string& stem) const {
    if (!has_list_) {
      return {
          "",
          "there is no List_of_testing_videos.txt, which says what is held out for testing; put it there, or say --split hash",
          false};
    }
    return {listed_.contains({folder, stem}) ? "test" : "train", ""};
  }

  void add(const std::string& folder, const std::string& stem, const fs::path& file) {
    const auto name = parse(folder, stem);
    if (!name) { return collector_.leave_out(file, "its name is not that of a video of " + folder); }
    Source source = video_file(file);
    source.label = static_cast<int8_t>(celeb_df_label(folder));
    source.manip = source.label == 1 ? folder : "";
    source.identity = name->person;
    source.partner = name->partner;
    const auto& reals = videos_["Celeb-real"];
    if (const auto real = reals.find(name->original); real != reals.end()) {
      source.original_path = real->second.string();
    }
    const std::string behind = folder == "YouTube-real" ? "youtube/" + stem
                               : name->original.empty() ? stem
                                                        : name->original;
    collector_.add(std::move(source), {folder, stem, "celeb-df/" + behind}, official(folder, stem));
  }

  fs::path root_, list_;
  Collector collector_;
  bool has_list_ = false;
  std::map<std::string, std::map<std::string, fs::path>> videos_;  // folder -> stem -> file
  std::set<std::pair<std::string, std::string>> listed_;           // (folder, stem) held out for testing
};

}  // namespace

Listing import_celeb_df_v1(const fs::path& root, const ImportOptions& options) {
  return CelebDfImporter("celeb-df-v1", root, options).import();
}

Listing import_celeb_df_v2(const fs::path& root, const ImportOptions& options) {
  return CelebDfImporter("celeb-df-v2", root, options).import();
}

}  // namespace realface::data::importers
