#include "tests/data/importers/trees.h"

#include <algorithm>
#include <cstdlib>

#include "base/error.h"

namespace realface::data::importers {
namespace fs = std::filesystem;

ImportOptions options_with(const std::function<void(ImportOptions&)>& set) {
  ImportOptions options;
  set(options);
  return options;
}

const Source& source_of(const Listing& listing, const std::string& key) {
  const auto found = std::ranges::find(listing.sources, key, &Source::key);
  if (found == listing.sources.end()) { throw Error("there is no " + key); }
  return *found;
}

std::map<std::string, std::string> splits_of(const Listing& listing) {
  std::map<std::string, std::string> splits;
  for (const auto& source : listing.sources) { splits[source.key] = source.split; }
  return splits;
}

std::string reason_for(const Listing& listing, const std::string& name) {
  for (const auto& file : listing.unplaced) {
    if (fs::path(file.path).filename() == name) { return file.why; }
  }
  return "";
}

std::string import_failure(const std::string& dataset, const fs::path& root, const ImportOptions& options) {
  try {
    import_dataset(dataset, root, options);
  } catch (const Error& error) { return error.what(); }
  return "";
}

fs::path test_data(const std::string& name) {
  const char* folder = std::getenv("REALFACE_TEST_DATA");
  if (folder == nullptr) { return {}; }
  const fs::path path = fs::path(folder) / name;
  return fs::exists(path) ? path : fs::path();
}

}  // namespace realface::data::importers
