#include <algorithm>
#include <atomic>
#include <cctype>
#include <map>
#include <optional>
#include <thread>

#include "base/error.h"
#include "data/importers/archive.h"
#include "data/importers/collector.h"
#include "data/importers/files.h"

namespace realface::data::importers {
namespace fs = std::filesystem;
namespace {

constexpr const char* kMethod = "WildDeepfake";
constexpr size_t kMostReaders = 8;  // archives that are listed at once: they are read to their end for that

/// `real train`, `real_train`, `fake test`: spaces in the authors' copy, underscores in the other.
struct Fold {
  bool fake = false;
  std::string split;
  std::string name() const { return (fake ? "fake_" : "real_") + split; }
};

std::optional<Fold> fold_of(const fs::path& folder) {
  std::string name = folder.filename().string();
  std::ranges::replace(name, ' ', '_');
  std::ranges::replace(name, '-', '_');
  for (const bool fake : {false, true}) {
    for (const std::string split : {"train", "test"}) {
      if (const Fold fold{fake, split}; name == fold.name()) { return fold; }
    }
  }
  return std::nullopt;
}

/// An archive and what is in it, or why it cannot be listed.
struct Listed {
  fs::path path;
  Fold fold;
  std::vector<ArchiveEntry> entries;
  std::string fault;
};

void list_all(std::vector<Listed>& archives) {
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t at = next++; at < archives.size(); at = next++) {
      try {
        archives[at].entries = list_archive(archives[at].path);
      } catch (const DataError& error) { archives[at].fault = error.what(); }
    }
  };
  const size_t readers = std::min({kMostReaders, archives.size(), size_t{std::thread::hardware_concurrency()}});
  std::vector<std::jthread> others;
  for (size_t i = 1; i < readers; ++i) { others.emplace_back(work); }
  work();
}

/// `12.tar.gz` -> 12.
std::string number_of(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.substr(0, name.find('.'));
}

class WildDeepfakeImporter {
 public:
  WildDeepfakeImporter(const fs::path& root, const ImportOptions& options)
      : root_(root), collector_("wild-deepfake", options) {}

  Listing import() {
    if (fs::is_directory(root_ / "deepfake_in_the_wild")) { root_ /= "deepfake_in_the_wild"; }
    const Folder folder = read_folder(root_);
    for (const auto& file : folder.files) { collector_.leave_out(file, "is in none of the four folders"); }
    bool any = false;
    for (const auto& child : folder.folders) {
      const auto fold = fold_of(child);
      any = any || fold;
      fold ? find(child, *fold) : collector_.leave_out(child, "is none of the four folders");
    }
    if (!any) {
      refuse_tree(root_, "a WildDeepfake tree",
                  "real_train/, real_test/, fake_train/ and fake_test/ in it (or the same with spaces)");
    }
    list_all(archives_);
    for (auto& archive : archives_) { add_archive(archive); }
    return collector_.take();
  }

 private:
  void find(const fs::path& path, const Fold& fold) {
    const Folder folder = read_folder(path);
    for (const auto& file : folder.files) {
      if (is_archive_name(file)) {
        archives_.push_back({file, fold, {}, ""});
      } else {
        collector_.leave_out(file, "not an archive by its name");
      }
    }
    for (const auto& child : folder.folders) {
      walk(child, child.filename().string(), fold);  // unpacked already
    }
  }

  /// `inside` is the folder's path as the archive would have it.
  void walk(const fs::path& path, const std::string& inside, const Fold& fold) {
    const Folder folder = read_folder(path);
    if (!folder.files.empty()) {
      Source source;
      source.path = path.string();
      source.kind = SourceKind::frames;
      source.files = 0;
      for (const auto& file : folder.files) {
        if (file_kind(file) != FileKind::picture) {
          collector_.leave_out(file, "not a picture by its name");
          continue;
        }
        ++source.files;
        source.bytes += file_bytes(file);
      }
      if (source.files > 0) { add(std::move(source), inside, fold); }
    }
    for (const auto& child : folder.folders) { walk(child, inside + "/" + child.filename().string(), fold); }
  }

  void add_archive(Listed& archive) {
    if (!archive.fault.empty()) { return collector_.leave_out(archive.path, archive.fault); }
    std::map<std::string, Source> sequences;
    for (const auto& entry : archive.entries) {
      const fs::path name = entry.name;
      if (is_hidden(name)) {
        continue;  // as on disk
      }
      if (file_kind(name) != FileKind::picture) {
        collector_.leave_out(archive.path.string().append(":").append(entry.name), "not a picture by its name");
        continue;
      }
      const std::string member = name.parent_path().generic_string();
      const auto [place, fresh] = sequences.try_emplace(member);
      Source& source = place->second;
      if (fresh) {
        source.path = archive.path.string();
        source.kind = SourceKind::archive;
        source.member = member;
        source.files = 0;
      }
      ++source.files;
      source.bytes += entry.bytes;
    }
    if (sequences.empty()) { collector_.leave_out(archive.path, "holds no pictures"); }
    for (auto& [member, source] : sequences) { add(std::move(source), member, archive.fold); }
    archive.entries = {};  // a million names otherwise
  }

  /// A sequence is named by (class, archive, sequence). Inside: `<n>/<fake or real>/<sequence>`.
  void add(Source source, const std::string& inside, const Fold& fold) {
    std::vector<std::string> parts;
    for (const auto& part : fs::path(inside)) { parts.push_back(part.string()); }
    const std::string wanted = fold.fake ? "fake" : "real";
    std::string shown = source.path;
    if (!source.member.empty()) { shown.append(":").append(source.member); }
    if (parts.size() != 3 || (parts[1] != "fake" && parts[1] != "real")) {
      return collector_.leave_out(shown, "expected pictures in folders such as 12/" + wanted + "/3");
    }
    if (parts[1] != wanted) { return collector_.leave_out(shown, "calls itself " + parts[1] + " in " + fold.name()); }
    source.label = fold.fake ? 1 : 0;
    source.manip = fold.fake ? kMethod : "";
    const std::string number = source.member.empty() ? parts[0] : number_of(source.path);
    collector_.add(std::move(source),
                   {fold.name(), number + "/" + parts[2], "wild-deepfake/" + fold.name() + "/" + number},
                   {fold.split, ""});
  }

  fs::path root_;
  Collector collector_;
  std::vector<Listed> archives_;
};

}  // namespace

Listing import_wild_deepfake(const fs::path& root, const ImportOptions& options) {
  return WildDeepfakeImporter(root, options).import();
}

}  // namespace realface::data::importers
