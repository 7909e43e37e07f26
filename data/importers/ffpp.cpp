#include <algorithm>
#include <optional>
#include <regex>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "data/importers/collector.h"
#include "data/importers/ffpp_lists.h"
#include "data/importers/files.h"

namespace realface::data::importers {
namespace fs = std::filesystem;
namespace {

/// The actors of DeepFakeDetection have their own numbers, 1 to 28, beside the ids 0 to 999 of the YouTube videos.
constexpr int32_t kFirstActor = 10000;
constexpr const char* kActorMethod = "DeepFakeDetection";

/// What a file's name says.
struct FfppName {
  std::string target, source;  // ids; source is empty for a real video
  std::string original;        // stem of the real video behind a fake
};

/// YouTube: `000` and `000_003` (target_source). Actors: `01__scene` and `01_02__scene__ABCD1234`.
std::optional<FfppName> parse(const std::string& stem, bool fake, bool actors) {
  static const std::regex kReal("(\\d+)"), kFake("(\\d+)_(\\d+)"), kActorReal("(\\d+)__.+"),
      kActorFake("(\\d+)_(\\d+)(__.+)__[A-Za-z0-9]{8}");
  std::smatch match;
  if (!std::regex_match(stem, match, actors ? (fake ? kActorFake : kActorReal) : (fake ? kFake : kReal))) {
    return std::nullopt;
  }
  if (!fake) { return FfppName{match[1], "", ""}; }
  return FfppName{match[1], match[2], actors ? match[1].str() + match[3].str() : match[1].str()};
}

int32_t person(const std::string& id, bool actors) {
  if (id.empty() || id.size() > 8) { return -1; }
  return std::stoi(id) + (actors ? kFirstActor : 0);
}

/// The videos of a folder: stem -> path.
using Stems = std::unordered_map<std::string, std::string>;

Stems stems(const fs::path& folder) {
  Stems found;
  if (fs::is_directory(folder)) {
    for (const auto& file : read_folder(folder).files) {
      if (file_kind(file) == FileKind::video) { found[file.stem().string()] = file.string(); }
    }
  }
  return found;
}

std::string at(const Stems& found, const std::string& stem) {
  const auto file = found.find(stem);
  return file == found.end() ? "" : file->second;
}

class FfppImporter {
 public:
  FfppImporter(const fs::path& root, const ImportOptions& options)
      : root_(root), options_(options), lists_(read_ffpp_lists(root)), collector_("ffpp", options) {}

  Listing import() {
    const auto originals = methods_below("original_sequences"), fakes = methods_below("manipulated_sequences");
    if (originals.empty() && fakes.empty()) {
      refuse_tree(root_, "a FaceForensics++ tree", "original_sequences/ and manipulated_sequences/ in it");
    }
    check_methods(fakes);
    join_groups(fakes);
    for (const std::string kind : {"original_sequences", "manipulated_sequences"}) {
      if (fs::is_directory(root_ / kind)) {
        for (const auto& file : read_folder(root_ / kind).files) {
          collector_.leave_out(file, "is below no method's folder");
        }
      }
    }
    for (const auto& method : originals) { add_method("original_sequences", method, false); }
    for (const auto& method : fakes) {
      if (wanted(method)) { add_method("manipulated_sequences", method, true); }
    }
    leave_out_others(collector_, root_, {"original_sequences", "manipulated_sequences", "splits", "dataset"},
                     "is no part of FaceForensics++ that is read");
    return collector_.take();
  }

 private:
  std::vector<std::string> methods_below(const std::string& kind) const {
    std::vector<std::string> names;
    if (fs::is_directory(root_ / kind)) {
      for (const auto& folder : read_folder(root_ / kind).folders) { names.push_back(folder.filename().string()); }
    }
    return names;
  }

  /// The uncompressed videos are called raw by the authors' script and c0 by their paper.
  fs::path videos_of(const std::string& kind, const std::string& method, const std::string& level) const {
    const fs::path folder = root_ / kind / method;
    const bool paper = level == "raw" && !fs::is_directory(folder / "raw") && fs::is_directory(folder / "c0");
    return folder / (paper ? "c0" : level) / "videos";
  }

  bool wanted(const std::string& method) const {
    return options_.methods.empty() || std::ranges::find(options_.methods, method) != options_.methods.end();
  }

  void check_methods(std::vector<std::string> present) const {
    present.emplace_back("original");
    for (const auto& method : options_.methods) {
      if (std::ranges::find(present, method) == present.end()) {
        const std::string near = nearest(method, present);
        throw UsageError("[preprocess] --methods " + method + " is not below " +
                         (root_ / "manipulated_sequences").string() +
                         (near.empty() ? "" : "; did you mean " + near + "?"));
      }
    }
  }

  // Over all pairs that are listed or present, whatever was asked for: a group must not depend on the methods chosen.
  void join_groups(const std::vector<std::string>& fakes) {
    for (const auto& [pair, split] : lists_.pair_of) { groups_.join(pair.first, pair.second); }
    for (const auto& method : fakes) {
      for (const std::string level : {"raw", "c23", "c40"}) {
        const fs::path folder = videos_of("manipulated_sequences", method, level);
        if (method == kActorMethod || !fs::is_directory(folder)) { continue; }
        for (const auto& file : read_folder(folder).files) {
          if (const auto name = parse(file.stem().string(), true, false)) { groups_.join(name->target, name->source); }
        }
      }
    }
  }

  /// What lies beside the folders of videos: models and pictures of the authors' download, for one.
  void leave_out_strangers(const std::string& kind, const std::string& method) {
    const fs::path folder = root_ / kind / method;
    const std::vector<std::string> parts = {"raw", "c0", "c23", "c40", "masks"};
    leave_out_others(collector_, folder, parts, "is neither a compression level nor masks");
    for (const auto& part : parts) {
      leave_out_others(collector_, folder / part, {"videos"}, "lies beside the folder videos");
    }
  }

  void add_method(const std::string& kind, const std::string& method, bool fake) {
    leave_out_strangers(kind, method);
    for (const auto& level : options_.compression) {
      const fs::path folder = videos_of(kind, method, level);
      if (!fs::is_directory(folder)) {
        collector_.leave_out(root_ / kind / method, "has no " + level + "/videos");
        continue;
      }
      const bool actors = method == "actors" || method == kActorMethod;
      const Stems originals =
          fake ? stems(videos_of("original_sequences", actors ? "actors" : "youtube", level)) : Stems{};
      // Masks have no compression level; FaceShifter ships none.
      const Stems masks = fake && options_.masks ? stems(root_ / kind / method / "masks" / "videos") : Stems{};
      Stems present;
      const Folder videos = read_folder(folder);
      for (const auto& child : videos.folders) { collector_.leave_out(child, "a folder where videos were expected"); }
      for (const auto& file : videos.files) {
        present[file.stem().string()] = file.string();
        add_file(file, method, level, {fake, actors, originals, masks});
      }
      if (!actors) { note_absent(folder, present, fake); }
      if (!masks.empty()) { note_maskless(root_ / kind / method / "masks" / "videos", present, masks); }
    }
  }

  /// A folder of masks that lacks some was perhaps not fetched whole.
  void note_maskless(const fs::path& folder, Stems videos, const Stems& masks) {
    const size_t all = videos.size();
    std::erase_if(videos, [&masks](const auto& video) { return masks.contains(video.first); });
    if (videos.empty()) { return; }
    const auto least = std::ranges::min_element(videos, {}, &Stems::value_type::first);
    collector_.note(
        folder.string() + ": " + std::to_string(videos.size()) + " of the " + std::to_string(all) +
        " videos have no mask there, which is then made of the original where that is present; for example " +
        least->first);
  }

  /// What the lists name and the folder lacks: counted, since most people fetch a part.
  void note_absent(const fs::path& folder, const Stems& present, bool fake) {
    std::set<std::string> named;
    for (const auto& [id, split] : lists_.split_of) {
      if (!fake) { named.insert(id); }
    }
    for (const auto& [pair, split] : lists_.pair_of) {
      if (fake) { named.insert(pair.first + "_" + pair.second); }
    }
    const size_t all = named.size();
    std::erase_if(named, [&present](const std::string& stem) { return present.contains(stem); });
    if (!named.empty()) {
      collector_.note(folder.string() + ": " + std::to_string(named.size()) + " of the " + std::to_string(all) +
                      " videos named by splits/*.json are absent; for example " + *named.begin());
    }
  }

  /// What the files of one folder have in common.
  struct Shared {
    bool fake, actors;
    const Stems &originals, &masks;
  };

  void add_file(const fs::path& file, const std::string& method, const std::string& level, const Shared& shared) {
    const std::string stem = file.stem().string();
    if (file_kind(file) != FileKind::video) { return collector_.leave_out(file, "not a video by its name"); }
    const auto name = parse(stem, shared.fake, shared.actors);
    if (!name) {
      return collector_.leave_out(
          file, "its name is not that of a " + std::string(shared.fake ? "fake" : "real") + " video of " + method);
    }
    Source source = video_file(file);
    source.compression = level;
    source.label = shared.fake ? 1 : 0;
    source.manip = shared.fake ? method : "";
    source.identity = person(name->target, shared.actors);
    source.partner = person(name->source, shared.actors);
    source.original_path = at(shared.originals, name->original);
    source.mask_path = at(shared.masks, stem);
    const std::string group =
        shared.actors ? "ffpp/actors/" + name->target : "ffpp/youtube/" + groups_.root(name->target);
    collector_.add(std::move(source), {method, stem, group}, official(*name, shared.actors));
  }

  Official official(const FfppName& name, bool actors) const {
    if (actors) { return {"", why_not(name, actors)}; }
    const auto pair = lists_.pair_of.find({name.target, name.source});
    if (pair != lists_.pair_of.end()) { return {pair->second, ""}; }
    const auto id = lists_.split_of.find(name.target);
    if (name.source.empty() && id != lists_.split_of.end()) { return {id->second, ""}; }
    return {"", why_not(name, actors), !lists_.empty()};
  }

  std::string why_not(const FfppName& name, bool actors) const {
    if (actors) { return "the actors' videos have no official split; say --split hash or --split train"; }
    if (lists_.empty()) {
      return "there is no splits/{train,val,test}.json; put the official lists there, or say --split hash";
    }
    return (name.source.empty() ? "id " + name.target : "the pair " + name.target + ", " + name.source) +
           " is in none of splits/{train,val,test}.json";
  }

  fs::path root_;
  const ImportOptions& options_;
  FfppLists lists_;
  IdGroups groups_;
  Collector collector_;
};

}  // namespace

Listing import_ffpp(const fs::path& root, const ImportOptions& options) { return FfppImporter(root, options).import(); }

}  // namespace realface::data::importers
