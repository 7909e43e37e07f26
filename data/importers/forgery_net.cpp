#include <algorithm>
#include <cctype>

#include "data/importers/collector.h"
#include "data/importers/ffpp_lists.h"
#include "data/importers/files.h"
#include "data/importers/forgery_net_lists.h"

namespace realface::data::importers {
namespace fs = std::filesystem;
namespace {

constexpr size_t kIdLetters = 32;
/// Stands for "no video" as the first id of all 1,035 fakes of ATVG-Net in the validation list, and is no real video
/// there: joining by it would make one group of all of them.
constexpr const char* kNoVideo = "7283059e2ee6ec302df2936c7d23313b";

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return text;
}

/// `Training`, `Validation`, `Test`, also `train_list`; empty: no such folder.
std::string phase_of(const fs::path& folder) {
  const std::string name = lower(folder.filename().string());
  for (const std::string split : {"train", "val", "test"}) {
    if (name.starts_with(split)) { return split; }
  }
  return "";
}

/// The authors' archives, their README and others' loaders call the folders differently.
std::string kind_of(const fs::path& folder) {
  const std::string name = lower(folder.filename().string());
  if (name == "image" || name == "images" || name == "image2") { return "image"; }
  return name == "video" || name == "videos" ? "video" : "";
}

bool is_list(const fs::path& file) {
  return file.filename() == "image_list.txt" || file.filename() == "video_list.txt";
}

bool is_id(const std::string& name) {
  return name.size() == kIdLetters && name != kNoVideo &&
         std::ranges::all_of(name, [](unsigned char letter) { return std::isxdigit(letter) != 0; });
}

bool all_of_label(const std::vector<LabelledRun>& runs, int8_t label) {
  return std::ranges::all_of(runs, [label](const LabelledRun& run) { return run.label == label; });
}

/// Where the walk is.
struct At {
  std::string split, kind;
  int32_t number = 0;  // class folder
  std::string tail;    // from the class folder on
  std::string video;   // first video that the path names; empty: none yet
};

class ForgeryNetImporter {
 public:
  ForgeryNetImporter(const fs::path& root, const ImportOptions& options)
      : root_(root), options_(options), collector_("forgery-net", options) {}

  Listing import() {
    std::vector<fs::path> phases = read_folder(root_).folders;
    // The root may be one phase itself.
    if (std::ranges::any_of(phases, [](const fs::path& child) { return !kind_of(child).empty(); })) {
      phases = {root_};
    }
    for (const std::string split : {"train", "val", "test"}) { add_phase(split, phases); }
    if (!any_) { refuse_tree(root_, "a ForgeryNet tree", "Training/ and Validation/ with image/ and video/ in them"); }
    for (const auto& phase : phases) {
      if (phase_of(phase).empty()) { collector_.leave_out(phase, "is neither Training, Validation nor Test"); }
    }
    if (phases.front() != root_) {
      for (const auto& file : read_folder(root_).files) { collector_.leave_out(file, "is in no folder of a phase"); }
    }
    for (auto& video : videos_) {
      collector_.add(std::move(video.source), {video.method, video.stem, "forgery-net/" + groups_.root(video.group)},
                     {video.split, ""});
    }
    note(disagreeing_, "entries of the lists give another class than their folder, which decides", disagreement_);
    note(unlisted_, "fake videos are in no video_list.txt, so all of their frames count as fake", unlisted_one_);
    return collector_.take();
  }

 private:
  struct Video {
    Source source;
    std::string method, stem, group, split;
  };

  /// Several folders may be one phase: lists come in archives of their own.
  void add_phase(const std::string& split, const std::vector<fs::path>& phases) {
    std::vector<fs::path> kinds, lists;
    masks_.clear();
    for (const auto& phase : phases) {
      if (phase_of(phase) != split) { continue; }
      const Folder found = read_folder(phase);
      for (const auto& file : found.files) {
        is_list(file) ? lists.push_back(file) : collector_.leave_out(file, "is no list of ForgeryNet");
      }
      for (const auto& child : found.folders) {
        if (child.filename() == "spatial_localize") {
          find_masks(child);
        } else if (kind_of(child).empty()) {
          collector_.leave_out(child, "is neither image, video nor spatial_localize");
        } else {
          kinds.push_back(child);
        }
      }
    }
    for (const auto& folder : kinds) { find_lists(folder, lists); }
    for (const std::string kind : {"image", "video"}) { add_kind(split, kind, kinds, lists); }
  }

  void add_kind(const std::string& split, const std::string& kind, const std::vector<fs::path>& kinds,
                const std::vector<fs::path>& lists) {
    const auto first = std::ranges::find(kinds, kind, kind_of);
    if (first == kinds.end()) { return; }
    any_ = true;
    labels_ = {};
    for (const auto& list : lists) {
      if (list.filename() == kind + "_list.txt") { labels_.read(list); }
    }
    for (const auto& folder : kinds) {
      if (kind_of(folder) == kind) { walk_releases({split, kind, 0, "", ""}, folder); }
    }
    labels_.each_absent([&](const std::string& tail, const fs::path& list) { collector_.absent(*first / tail, list); });
    if (disagreeing_ == 0) { disagreement_ = labels_.disagreement(); }
    disagreeing_ += labels_.disagreeing();
  }

  /// Down to the class folders.
  static void find_lists(const fs::path& path, std::vector<fs::path>& lists) {
    const Folder folder = read_folder(path);
    std::ranges::copy_if(folder.files, std::back_inserter(lists), is_list);
    for (const auto& child : folder.folders) {
      if (class_folder(child.filename().string()) == 0) { find_lists(child, lists); }
    }
  }

  void find_masks(const fs::path& folder) {
    masks_.push_back(folder);
    for (const auto& release : read_folder(folder).folders) {
      if (class_folder(release.filename().string()) == 0) { masks_.push_back(release); }
    }
  }

  /// Down to the class folders.
  void walk_releases(const At& at, const fs::path& path) {
    const Folder folder = read_folder(path);
    for (const auto& file : folder.files) {
      if (!is_list(file)) { collector_.leave_out(file, "is below no class folder 1 to 19"); }
    }
    for (const auto& child : folder.folders) {
      const std::string name = child.filename().string();
      if (const int32_t number = class_folder(name); number != 0) {
        walk_class({at.split, at.kind, number, name, ""}, child);
      } else {
        walk_releases(at, child);
      }
    }
  }

  void walk_class(const At& at, const fs::path& path) {
    const Folder folder = read_folder(path);
    if (is_frame_sequence(folder.files)) {
      add_frames(at, path, folder.files);
    } else {
      for (const auto& file : folder.files) { add_file(at, file); }
    }
    for (const auto& child : folder.folders) {
      const std::string name = child.filename().string();
      At below = at;
      below.tail.append("/").append(name);
      if (is_id(name) && at.video.empty()) {
        below.video = name;
      } else if (is_id(name)) {
        groups_.join(at.video, name);  // the two videos behind one fake
      }
      walk_class(below, child);
    }
  }

  /// Pictures of one folder are frames of one video.
  void add_frames(const At& at, const fs::path& path, const std::vector<fs::path>& files) {
    Source source;
    source.path = path.string();
    source.kind = SourceKind::frames;
    source.files = static_cast<int64_t>(files.size());
    const std::vector<LabelledRun>* runs = nullptr;
    for (const auto& file : files) {
      source.bytes += file_bytes(file);
      if (const auto* listed = labels_.find(at.tail + "/" + file.filename().string())) { runs = listed; }
    }
    add(std::move(source), at, at.tail, runs);
  }

  void add_file(const At& at, const fs::path& file) {
    const FileKind kind = file_kind(file);
    if (kind == FileKind::other) { return collector_.leave_out(file, "neither a video nor a picture by its name"); }
    Source source = video_file(file);
    if (kind == FileKind::picture) { source.kind = SourceKind::picture; }
    const std::string tail = at.tail + "/" + file.filename().string();
    add(std::move(source), at, tail, labels_.find(tail));
  }

  void add(Source source, const At& at, const std::string& tail, const std::vector<LabelledRun>* runs) {
    const bool fake = at.number < kFirstReal;
    const std::string method = forgery_net_class(at.number);
    source.label = fake ? 1 : 0;
    source.manip = fake ? method : "";
    if (fake && runs != nullptr && !all_of_label(*runs, source.label)) { source.runs = *runs; }
    // The official list leaves out the methods 2 and 8, all of whose frames are fake.
    const bool known = at.number == 2 || at.number == 8;
    if (fake && at.kind == "video" && runs == nullptr && !known && unlisted_++ == 0) { unlisted_one_ = source.path; }
    if (fake && options_.masks && at.kind == "image") { source.mask_path = mask_of(tail); }
    std::string stem = at.kind;
    const bool folder = source.kind == SourceKind::frames;
    stem.append("/").append(at.split).append("/").append(folder ? tail : fs::path(tail).replace_extension().string());
    videos_.push_back({std::move(source), method, std::move(stem), at.video.empty() ? tail : at.video, at.split});
  }

  std::string mask_of(const std::string& tail) const {
    for (const auto& folder : masks_) {
      if (fs::exists(folder / tail)) { return (folder / tail).string(); }
    }
    return "";
  }

  void note(int64_t count, const std::string& what, const std::string& example) {
    if (count > 0) { collector_.note(std::to_string(count) + " " + what + "; for example " + example); }
  }

  fs::path root_;
  const ImportOptions& options_;
  Collector collector_;
  std::vector<fs::path> masks_;  // of the phase that is walked: folders that tails may be below
  ForgeryNetLabels labels_;      // of the phase and kind that are walked
  IdGroups groups_;
  std::vector<Video> videos_;  // until all groups are joined
  bool any_ = false;
  int64_t disagreeing_ = 0, unlisted_ = 0;
  std::string disagreement_, unlisted_one_;
};

}  // namespace

Listing import_forgery_net(const fs::path& root, const ImportOptions& options) {
  return ForgeryNetImporter(root, options).import();
}

}  // namespace realface::data::importers
