#include <map>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/importers/collector.h"
#include "data/importers/files.h"

namespace realface::data::importers {
namespace fs = std::filesystem;
namespace {

constexpr const char* kOriginals = "original_videos";

/// The DFDC preview: folders of videos and one list that names them by their path.
class DfdcPreviewImporter {
 public:
  DfdcPreviewImporter(const fs::path& root, const ImportOptions& options)
      : root_(root), collector_("dfdc-preview", options) {}

  Listing import() {
    // The archive unpacks into a folder of its own.
    if (fs::is_directory(root_ / "dfdc_preview_set")) { root_ /= "dfdc_preview_set"; }
    const fs::path list = root_ / "dataset.json";
    if (!fs::exists(list)) {
      refuse_tree(root_, "the DFDC preview", "dataset.json, original_videos/, method_A/ and method_B/ in it");
    }
    const auto entries = nlohmann::json::parse(read_file(list), nullptr, false);
    if (!entries.is_object()) {
      throw DataError(
          "[" + list.string() +
          "] is not a list of videos; expected {\"method_A/x.mp4\": {\"label\": \"fake\", \"set\": \"train\"}, ...}; restore the official file");
    }
    for (const auto& child : read_folder(root_).folders) { find(child); }
    for (const auto& [name, entry] : entries.items()) { add(list, name, entry); }
    for (const auto& [name, file] : files_) { collector_.leave_out(file, "is not in dataset.json"); }
    return collector_.take();
  }

 private:
  void find(const fs::path& path) {
    const Folder folder = read_folder(path);
    for (const auto& file : folder.files) { files_[file.lexically_relative(root_).generic_string()] = file; }
    for (const auto& child : folder.folders) { find(child); }
  }

  void add(const fs::path& list, const std::string& name, const nlohmann::json& entry) {
    const auto text = [&entry](const char* field) {
      return entry.is_object() ? text_of(entry.value(field, nlohmann::json())) : std::string();
    };
    const std::string label = text("label"), set = text("set");
    if ((label != "real" && label != "fake") || (set != "train" && set != "val" && set != "test")) {
      throw DataError(
          "[" + list.string() + "] describes " + name +
          " in another way than expected: \"label\" must be real or fake, \"set\" train, val or test; restore the official file");
    }
    const auto found = files_.find(fs::path(name).lexically_normal().generic_string());
    if (found == files_.end()) { return collector_.absent(root_ / name, list); }
    const fs::path file = found->second, relative = found->first;
    files_.erase(found);
    const std::string folder = relative.begin()->string();
    if (file_kind(file) != FileKind::video) { return collector_.leave_out(file, "not a video by its name"); }
    if ((folder == kOriginals) != (label == "real")) {
      return collector_.leave_out(file, "dataset.json calls it " + label + ", but it lies in " + folder);
    }
    Source source = video_file(file);
    source.label = label == "fake" ? 1 : 0;
    source.manip = source.label == 1 ? folder : "";
    source.identity = person(entry, "target_id");
    source.partner = person(entry, "swapped_id");
    // Which video a fake was made from is not said; whom it shows is.
    const std::string group = source.identity >= 0 ? std::to_string(source.identity) : relative.stem().generic_string();
    collector_.add(
        std::move(source),
        {folder, relative.lexically_relative(folder).replace_extension().generic_string(), "dfdc-preview/" + group},
        {set, ""});
  }

  static std::string text_of(const nlohmann::json& value) {
    return value.is_string() ? value.get<std::string>() : std::string();
  }

  static int32_t person(const nlohmann::json& entry, const char* field) {
    const auto value = entry.value(field, nlohmann::json());
    if (!value.is_number_integer()) { return -1; }
    const auto number = value.get<int64_t>();
    return number >= 0 && number <= INT32_MAX ? static_cast<int32_t>(number) : -1;
  }

  fs::path root_;
  Collector collector_;
  std::map<std::string, fs::path> files_;  // by path below the root, until the list names them
};

}  // namespace

Listing import_dfdc_preview(const fs::path& root, const ImportOptions& options) {
  return DfdcPreviewImporter(root, options).import();
}

}  // namespace realface::data::importers
