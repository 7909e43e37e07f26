#include "data/importers/importers.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"

namespace realface::data::importers {
namespace fs = std::filesystem;
namespace {

struct Importer {
  const char* name;
  Listing (*import)(const fs::path& root, const ImportOptions& options);
  const char* expected;  // below the root, where there is no video
};

constexpr Importer kImporters[] = {
    {"folder", import_folder, "videos (mp4, avi, mov, mkv, webm, ...) or pictures (png, jpg, ...)"},
    {"ffpp", import_ffpp, "a FaceForensics++ tree with videos of the chosen compression"},
    {"celeb-df-v1", import_celeb_df_v1, "videos in Celeb-real/, YouTube-real/ and Celeb-synthesis/"},
    {"celeb-df-v2", import_celeb_df_v2, "videos in Celeb-real/, YouTube-real/ and Celeb-synthesis/"},
    {"dfdc", import_dfdc, "videos that a metadata.json or labels.csv beside them names"},
    {"dfdc-preview", import_dfdc_preview, "videos that dataset.json names"},
    {"deeper-forensics", import_deeper_forensics, "videos that lists/splits/*.txt name in manipulated_videos/"},
    {"wild-deepfake", import_wild_deepfake, "archives or folders of pictures in real_train/, fake_train/, ..."},
    {"forgery-net", import_forgery_net, "videos or pictures in class folders 1 to 19"}};

/// Other names, as `plain` gives them.
const std::map<std::string, std::string> kOtherNames = {{"ff++", "ffpp"},
                                                        {"faceforensics", "ffpp"},
                                                        {"faceforensics++", "ffpp"},
                                                        {"celebdf", "celeb-df-v2"},
                                                        {"celebdf1", "celeb-df-v1"},
                                                        {"celebdf2", "celeb-df-v2"},
                                                        {"dfdcp", "dfdc-preview"},
                                                        {"deeperforensics1.0", "deeper-forensics"}};

/// Without case, hyphens and underscores, in which spellings of the same name differ.
std::string plain(const std::string& word) {
  std::string text;
  for (const char letter : word) {
    if (letter != '-' && letter != '_') { text += static_cast<char>(std::tolower(static_cast<unsigned char>(letter))); }
  }
  return text;
}

[[noreturn]] void refuse_word(const std::string& option, const std::string& word,
                              const std::vector<std::string>& valid) {
  std::string list;
  for (const auto& name : valid) { list += (list.empty() ? "" : ", ") + name; }
  const std::string near = nearest(word, valid);
  throw UsageError("[preprocess] --" + option + " " + word + " is unknown; it must be one of: " + list +
                   (near.empty() ? "" : "; did you mean " + near + "?"));
}

void check_word(const std::string& option, const std::string& word, const std::vector<std::string>& valid) {
  if (std::ranges::find(valid, word) == valid.end()) { refuse_word(option, word, valid); }
}

void check_root(const fs::path& root) {
  std::error_code error;
  if (!fs::exists(root, error)) {
    throw DataError("[" + root.string() + "] does not exist; name a folder with videos or pictures");
  }
  if (!fs::is_directory(root, error)) {
    throw DataError("[" + root.string() + "] is a file; name the folder that holds it");
  }
}

std::string reasons(const Listing& listing) {
  std::string text;
  const size_t shown = std::min<size_t>(listing.unplaced.size(), 5);
  for (size_t i = 0; i < shown; ++i) { text += "\n  " + listing.unplaced[i].path + ": " + listing.unplaced[i].why; }
  if (listing.unplaced.size() > shown) {
    text += "\n  and " + std::to_string(listing.unplaced.size() - shown) + " more";
  }
  return text;
}

/// JSON, in which plans and manifests are written, holds nothing else.
bool is_utf8(const std::string& text) {
  try {
    return !nlohmann::json(text).dump().empty();
  } catch (const nlohmann::json::exception&) { return false; }
}

void set_aside_foreign_names(Listing& listing) {
  std::erase_if(listing.sources, [&listing](const Source& source) {
    const bool foreign = !is_utf8(source.path) || !is_utf8(source.mask_path) || !is_utf8(source.original_path) ||
                         !is_utf8(source.member);
    if (foreign) { listing.unplaced.push_back({source.path, "its name is not UTF-8; rename it"}); }
    return foreign;
  });
}

const Importer& importer_of(const std::string& word) {
  const auto other = kOtherNames.find(plain(word));
  const std::string name = other == kOtherNames.end() ? plain(word) : plain(other->second);
  const auto* found = std::ranges::find_if(kImporters, [&](const Importer& one) { return plain(one.name) == name; });
  if (found == std::end(kImporters)) { refuse_word("dataset", word, dataset_names()); }
  return *found;
}

/// Leaves the manipulations that were not asked for out; FaceForensics++ does so by itself.
void keep_methods(Listing& listing, const std::vector<std::string>& wanted) {
  std::set<std::string> present = {"original"};
  for (const auto& source : listing.sources) { present.insert(source.manip); }
  present.erase("");
  for (const auto& method : wanted) { check_word("methods", method, {present.begin(), present.end()}); }
  std::erase_if(listing.sources, [&wanted](const Source& source) {
    return source.label == 1 && std::ranges::find(wanted, source.manip) == wanted.end();
  });
}

ImportOptions checked(ImportOptions options) {
  if (!options.split.empty()) { check_word("split", options.split, {"train", "val", "test", "hash", "holdout"}); }
  check_word("pictures", options.pictures, {"auto", "single", "frames"});
  std::vector<std::string> levels;
  for (auto& level : options.compression) {
    check_word("compression", level, {"raw", "c0", "c23", "c40"});
    if (level == "c0") { level = "raw"; }
    if (std::ranges::find(levels, level) == levels.end()) { levels.push_back(level); }
  }
  options.compression = levels;
  return options;
}

}  // namespace

std::vector<std::string> dataset_names() {
  std::vector<std::string> names;
  for (const auto& importer : kImporters) { names.emplace_back(importer.name); }
  return names;
}

std::string dataset_name(const std::string& word) { return importer_of(word).name; }

Listing survey_dataset(const std::string& dataset, const fs::path& root, const ImportOptions& options) {
  const Importer& importer = importer_of(dataset);
  const ImportOptions asked = checked(options);
  check_root(root);
  // A folder given as "DIR/" has no name of its own.
  Listing listing = importer.import(root.has_filename() ? root : root.parent_path(), asked);
  set_aside_foreign_names(listing);
  if (!asked.methods.empty() && importer.import != import_ffpp) { keep_methods(listing, asked.methods); }
  sort_by_key(listing.sources);
  return listing;
}

Listing import_dataset(const std::string& dataset, const fs::path& root, const ImportOptions& options) {
  Listing listing = survey_dataset(dataset, root, options);
  if (!listing.sources.empty()) { return listing; }
  std::string message = "[";
  message.append(root.string()).append("] no videos found; expected ").append(importer_of(dataset).expected);
  message.append(" below it; name another folder or --dataset").append(reasons(listing));
  throw DataError(message);
}

}  // namespace realface::data::importers
