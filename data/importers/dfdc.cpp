#include <map>
#include <unordered_map>

#include "data/importers/collector.h"
#include "data/importers/dfdc_labels.h"
#include "data/importers/files.h"

namespace realface::data::importers {
namespace fs = std::filesystem;
namespace {

constexpr int kDeepest = 3;  // DFDC/train/dfdc_train_part_0
// The challenge does not say which of its methods made a fake.
constexpr const char* kMethod = "DFDC";

std::string stem_of(const std::string& name) { return fs::path(name).stem().string(); }

/// `train/dfdc_train_part_0`, `validation`, `test`: the folder decides, the field "split" says `train` everywhere.
std::string split_of(const fs::path& folder) {
  for (const auto& name : folder) {
    if (name.string().starts_with("test")) { return "test"; }
    if (name.string().starts_with("val")) { return "val"; }
  }
  return "train";
}

class DfdcImporter {
 public:
  DfdcImporter(const fs::path& root, const ImportOptions& options) : root_(root), collector_("dfdc", options) {}

  Listing import() {
    walk(root_, 0);
    if (parts_ == 0) {
      refuse_tree(root_, "a DFDC tree",
                  "folders such as dfdc_train_part_0/ with metadata.json, or test/ with labels.csv");
    }
    for (const auto& video : videos_) { add(video); }
    return collector_.take();
  }

 private:
  struct Video {
    fs::path file;
    DfdcLabel label;
    std::string split;
  };

  void walk(const fs::path& path, int depth) {
    const Folder folder = read_folder(path);
    std::map<std::string, fs::path> files;
    for (const auto& file : folder.files) { files[file.filename().string()] = file; }
    std::unordered_map<std::string, DfdcLabel> labels;  // by stem
    std::string lists;
    for (const auto* list : {"metadata.json", "labels.csv", "label.csv"}) {
      const auto found = files.find(list);
      if (found == files.end()) { continue; }
      const bool json = found->second.extension() == ".json";
      for (auto& entry : json ? read_dfdc_metadata(found->second) : read_dfdc_labels(found->second)) {
        labels.try_emplace(stem_of(entry.file), std::move(entry));
      }
      lists += (lists.empty() ? "" : " or ") + std::string(list);
      files.erase(found);
      ++parts_;
    }
    take(path, files, labels, lists);
    if (depth < kDeepest) {
      for (const auto& child : folder.folders) { walk(child, depth + 1); }
    } else {
      for (const auto& child : folder.folders) { collector_.leave_out(child, "is deeper than any folder of DFDC"); }
    }
  }

  void take(const fs::path& folder, const std::map<std::string, fs::path>& files,
            std::unordered_map<std::string, DfdcLabel>& labels, const std::string& lists) {
    const fs::path below = folder == root_ ? root_.filename() : folder.lexically_relative(root_);
    const std::string split = split_of(below);
    for (const auto& [name, file] : files) {
      const std::string stem = stem_of(name);
      if (file_kind(file) != FileKind::video) {
        collector_.leave_out(file, "not a video by its name");
      } else if (const auto label = labels.find(stem); label != labels.end()) {
        path_of_.try_emplace(stem, file.string());
        videos_.push_back({file, std::move(label->second), split});
        labels.erase(label);
      } else {
        collector_.leave_out(
            file, lists.empty() ? "there is no metadata.json or labels.csv beside it" : "is not in " + lists);
      }
    }
    std::map<std::string, std::string> missing;  // in order
    for (const auto& [stem, label] : labels) { missing[stem] = label.file; }
    for (const auto& [stem, name] : missing) { collector_.absent(folder / name, lists); }
  }

  // After all parts are known: an original may lie in another one.
  void add(const Video& video) {
    const std::string stem = video.file.stem().string();
    Source source = video_file(video.file);
    source.label = static_cast<int8_t>(video.label.label);
    source.manip = source.label == 1 ? kMethod : "";
    const std::string behind = video.label.original.empty() ? stem : stem_of(video.label.original);
    if (const auto real = path_of_.find(behind); source.label == 1 && behind != stem && real != path_of_.end()) {
      source.original_path = real->second;
    }
    const std::string method = source.label == 1 ? kMethod : "original";
    collector_.add(std::move(source), {method, stem, "dfdc/" + behind}, {video.split, ""});
  }

  fs::path root_;
  Collector collector_;
  int parts_ = 0;
  std::vector<Video> videos_;
  std::unordered_map<std::string, std::string> path_of_;  // stem -> file
};

}  // namespace

Listing import_dfdc(const fs::path& root, const ImportOptions& options) { return DfdcImporter(root, options).import(); }

}  // namespace realface::data::importers
