#include "data/importers/importers.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace realface::data::importers {
namespace fs = std::filesystem;
namespace {

void check_word(const std::string& option, const std::string& word, const std::vector<std::string>& valid) {
  if (std::ranges::find(valid, word) != valid.end()) return;
  std::string list;
  for (const auto& name : valid) list += (list.empty() ? "" : ", ") + name;
  const std::string near = nearest(word, valid);
  throw UsageError("[preprocess] --" + option + " " + word + " is unknown; it must be one of: " + list +
                   (near.empty() ? "" : "; did you mean " + near + "?"));
}

void check_root(const fs::path& root) {
  std::error_code error;
  if (!fs::exists(root, error))
    throw DataError("[" + root.string() + "] does not exist; name a folder with videos or pictures");
  if (!fs::is_directory(root, error))
    throw DataError("[" + root.string() + "] is a file; name the folder that holds it");
}

std::string reasons(const Listing& listing) {
  std::string text;
  const size_t shown = std::min<size_t>(listing.unplaced.size(), 5);
  for (size_t i = 0; i < shown; ++i) text += "\n  " + listing.unplaced[i].path + ": " + listing.unplaced[i].why;
  if (listing.unplaced.size() > shown) text += "\n  and " + std::to_string(listing.unplaced.size() - shown) + " more";
  return text;
}

/// JSON, in which plans and manifests are written, holds nothing else.
bool is_utf8(const std::string& text) {
  try {
    return !nlohmann::json(text).dump().empty();
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

void set_aside_foreign_names(Listing& listing) {
  std::erase_if(listing.sources, [&listing](const Source& source) {
    const bool foreign = !is_utf8(source.path) || !is_utf8(source.mask_path);
    if (foreign) listing.unplaced.push_back({source.path, "its name is not UTF-8; rename it"});
    return foreign;
  });
}

}  // namespace

std::vector<std::string> dataset_names() { return {"folder", "ffpp"}; }

Listing import_dataset(const std::string& dataset, const fs::path& root, const ImportOptions& options) {
  check_word("dataset", dataset, dataset_names());
  if (!options.split.empty()) check_word("split", options.split, {"train", "val", "test", "hash"});
  check_word("pictures", options.pictures, {"auto", "single", "frames"});
  for (const auto& level : options.compression) check_word("compression", level, {"raw", "c23", "c40"});
  check_root(root);
  Listing listing = dataset == "ffpp" ? import_ffpp(root, options) : import_folder(root, options);
  set_aside_foreign_names(listing);
  if (listing.sources.empty())
    throw DataError("[" + root.string() + "] no videos found; expected " +
                    (dataset == "ffpp"
                         ? std::string("a FaceForensics++ tree with videos of the chosen compression")
                         : std::string("videos (mp4, avi, mov, mkv, webm, ...) or pictures (png, jpg, ...)")) +
                    " below it; name another folder or --dataset" + reasons(listing));
  sort_by_key(listing.sources);
  return listing;
}

}  // namespace realface::data::importers
