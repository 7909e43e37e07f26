#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/importers/source.h"

/// Datasets as they lie on users' disks. Each importer only looks at names and small list files; it decodes nothing.
namespace realface::data::importers {

struct ImportOptions {
  std::string split;  // empty: the dataset's own lists (folder: all train); train | val | test: all of it; hash: 80,
                      // 10, 10 of 100 by leakage group
  std::vector<std::string> compression = {"c23"};  // ffpp: raw, c23, c40
  std::vector<std::string> methods;                // ffpp: manipulations to take; empty: all; "original": only reals
  bool masks = true;                               // take the masks that the dataset ships
  std::string pictures = "auto";  // folder: auto (a sub-folder of numbered pictures is a video), single (every picture
                                  // is a video of one frame), frames (every folder of pictures is a video)
};

/// Any folder: every video below it, and every picture. All are real.
Listing import_folder(const std::filesystem::path& root, const ImportOptions& options);

/// The FaceForensics++ tree with its official splits/*.json. Files of names that are in no list are listed as unplaced.
Listing import_ffpp(const std::filesystem::path& root, const ImportOptions& options);

std::vector<std::string> dataset_names();

/// By name: "folder" or "ffpp". Throws UsageError for another name or option, DataError for a root that does not exist,
/// is not such a dataset, or holds no video.
Listing import_dataset(const std::string& dataset, const std::filesystem::path& root, const ImportOptions& options);

}  // namespace realface::data::importers
