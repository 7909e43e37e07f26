#include <algorithm>
#include <optional>
#include <regex>
#include <set>

#include "base/error.h"
#include "data/importers/ffpp_lists.h"
#include "data/importers/files.h"
#include "data/importers/importers.h"

namespace realface::data::importers {
namespace fs = std::filesystem;
namespace {

/// The actors of DeepFakeDetection have their own numbers, 1 to 28, beside the ids 0 to 999 of the YouTube videos.
constexpr int32_t kFirstActor = 10000;
constexpr const char* kActorMethod = "DeepFakeDetection";

/// What a file's name says.
struct Name {
  std::string target, source;  // ids; source is empty for a real video
};

/// YouTube: `000` and `000_003` (target_source). Actors: `01__scene` and `01_02__scene__ABCD1234`.
std::optional<Name> parse(const std::string& stem, bool fake, bool actors) {
  static const std::regex kReal("(\\d+)"), kFake("(\\d+)_(\\d+)"), kActorReal("(\\d+)__.+"),
      kActorFake("(\\d+)_(\\d+)__.+__[A-Za-z0-9]{8}");
  std::smatch match;
  if (!std::regex_match(stem, match, actors ? (fake ? kActorFake : kActorReal) : (fake ? kFake : kReal)))
    return std::nullopt;
  return Name{match[1], fake ? match[2].str() : ""};
}

int32_t person(const std::string& id, bool actors) {
  if (id.empty() || id.size() > 8) return -1;
  return std::stoi(id) + (actors ? kFirstActor : 0);
}

class FfppImporter {
 public:
  FfppImporter(const fs::path& root, const ImportOptions& options)
      : root_(root), options_(options), lists_(read_ffpp_lists(root)) {}

  Listing import() {
    const auto originals = methods_below("original_sequences"), fakes = methods_below("manipulated_sequences");
    if (originals.empty() && fakes.empty())
      throw DataError("[" + root_.string() +
                      "] is not a FaceForensics++ tree; expected original_sequences/ and manipulated_sequences/ in it; "
                      "name its root, or use --dataset folder");
    check_methods(fakes);
    join_groups(fakes);
    for (const auto& method : originals) add_method("original_sequences", method, false);
    for (const auto& method : fakes)
      if (wanted(method)) add_method("manipulated_sequences", method, true);
    return std::move(listing_);
  }

 private:
  std::vector<std::string> methods_below(const std::string& kind) const {
    std::vector<std::string> names;
    if (fs::is_directory(root_ / kind))
      for (const auto& folder : read_folder(root_ / kind).folders) names.push_back(folder.filename().string());
    return names;
  }

  bool wanted(const std::string& method) const {
    return options_.methods.empty() || std::ranges::find(options_.methods, method) != options_.methods.end();
  }

  void check_methods(std::vector<std::string> present) const {
    present.emplace_back("original");
    for (const auto& method : options_.methods)
      if (std::ranges::find(present, method) == present.end()) {
        const std::string near = nearest(method, present);
        throw UsageError("[preprocess] --methods " + method + " is not below " +
                         (root_ / "manipulated_sequences").string() +
                         (near.empty() ? "" : "; did you mean " + near + "?"));
      }
  }

  // Over all pairs that are listed or present, whatever was asked for: a group must not depend on the methods chosen.
  void join_groups(const std::vector<std::string>& fakes) {
    for (const auto& [pair, split] : lists_.pair_of) groups_.join(pair.first, pair.second);
    for (const auto& method : fakes)
      for (const std::string level : {"raw", "c23", "c40"}) {
        const fs::path folder = root_ / "manipulated_sequences" / method / level / "videos";
        if (method == kActorMethod || !fs::is_directory(folder)) continue;
        for (const auto& file : read_folder(folder).files)
          if (const auto name = parse(file.stem().string(), true, false)) groups_.join(name->target, name->source);
      }
  }

  void add_method(const std::string& kind, const std::string& method, bool fake) {
    for (const auto& level : options_.compression) {
      const fs::path folder = root_ / kind / method / level / "videos";
      if (!fs::is_directory(folder)) {
        listing_.unplaced.push_back({(root_ / kind / method).string(), "has no " + level + "/videos"});
        continue;
      }
      for (const auto& file : read_folder(folder).files) add_file(file, method, level, fake);
    }
  }

  void add_file(const fs::path& file, const std::string& method, const std::string& level, bool fake) {
    const bool actors = method == "actors" || method == kActorMethod;
    const auto name = parse(file.stem().string(), fake, actors);
    std::string why;
    if (file_kind(file) != FileKind::video)
      why = "not a video by its name";
    else if (!name)
      why = "its name is not that of a " + std::string(fake ? "fake" : "real") + " video of " + method;
    Source source;
    if (why.empty()) {
      source.group =
          group_number(actors ? "ffpp/actors/" + name->target : "ffpp/youtube/" + groups_.root(name->target));
      source.split = split(*name, actors, source.group);
      if (source.split.empty()) why = why_not(*name, actors);
    }
    if (!why.empty()) {
      listing_.unplaced.push_back({file.string(), why});
      return;
    }
    source.path = file.string();
    source.bytes = file_bytes(file);
    source.dataset = "ffpp";
    source.compression = level;
    source.label = fake ? 1 : 0;
    source.manip = fake ? method : "";
    source.key = bounded_key("ffpp/" + method + "/" + level + "/" + file.stem().string());
    source.identity = person(name->target, actors);
    source.partner = person(name->source, actors);
    if (fake && options_.masks) source.mask_path = mask_of(method, file.stem().string());
    listing_.sources.push_back(std::move(source));
  }

  /// Masks have no compression level; FaceShifter ships none.
  std::string mask_of(const std::string& method, const std::string& stem) const {
    const fs::path path = root_ / "manipulated_sequences" / method / "masks" / "videos" / (stem + ".mp4");
    return fs::exists(path) ? path.string() : "";
  }

  std::string split(const Name& name, bool actors, int64_t group) const {
    if (options_.split == "hash") return split_by_group(group);
    if (!options_.split.empty()) return options_.split;
    if (actors) return "";
    if (name.source.empty()) {
      const auto listed = lists_.split_of.find(name.target);
      return listed == lists_.split_of.end() ? "" : listed->second;
    }
    const auto listed = lists_.pair_of.find({name.target, name.source});
    return listed == lists_.pair_of.end() ? "" : listed->second;
  }

  std::string why_not(const Name& name, bool actors) const {
    if (actors) return "the actors' videos have no official split; say --split hash or --split train";
    if (lists_.empty())
      return "there is no splits/{train,val,test}.json; put the official lists there, or say --split hash";
    return (name.source.empty() ? "id " + name.target : "the pair " + name.target + ", " + name.source) +
           " is in none of splits/{train,val,test}.json";
  }

  fs::path root_;
  const ImportOptions& options_;
  FfppLists lists_;
  IdGroups groups_;
  Listing listing_;
};

}  // namespace

Listing import_ffpp(const fs::path& root, const ImportOptions& options) { return FfppImporter(root, options).import(); }

}  // namespace realface::data::importers
