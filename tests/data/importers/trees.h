#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "data/importers/importers.h"

/// What tests of importers ask of a listing.
namespace realface::data::importers {

/// Default options but for what the function sets.
ImportOptions options_with(const std::function<void(ImportOptions&)>& set);

/// The video of that key; throws where there is none.
const Source& source_of(const Listing& listing, const std::string& key);

/// All keys with the split of each.
std::map<std::string, std::string> splits_of(const Listing& listing);

/// Why the file or folder of that name (the last part of its path) was left out; empty where it was not.
std::string reason_for(const Listing& listing, const std::string& name);

/// The message of the error that the import ends with; empty where it ends well.
std::string import_failure(const std::string& dataset, const std::filesystem::path& root,
                           const ImportOptions& options = {});

/// REALFACE_TEST_DATA/NAME, or empty where it does not exist.
std::filesystem::path test_data(const std::string& name);

}  // namespace realface::data::importers
