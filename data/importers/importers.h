#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/importers/source.h"

/// Datasets as they lie on users' disks. Each importer only looks at names and small list files; it decodes nothing.
namespace realface::data::importers {

struct ImportOptions {
  std::string split;  // empty: the dataset's own lists (folder: all train); train | val: all of it but what the lists
                      // hold out for testing; test: all of it; hash: 80, 10, 10 of 100 by leakage group, whatever the
                      // lists say; holdout: the lists, and one in ten groups of their train becomes val
  std::vector<std::string> compression = {"c23"};  // ffpp: raw (or c0, the same), c23, c40
  std::vector<std::string> methods;                // manipulations to take; empty: all; "original": only reals
  bool masks = true;                               // take the masks that the dataset ships
  std::string pictures = "auto";  // folder: auto (a sub-folder of numbered pictures is a video), single (every picture
                                  // is a video of one frame), frames (every folder of pictures is a video)
  std::string ffpp_root;  // deeper-forensics: the FaceForensics++ tree with its targets; empty: looked for beside it
};

/// Any folder: every video below it, and every picture. All are real.
Listing import_folder(const std::filesystem::path& root, const ImportOptions& options);

/// The FaceForensics++ tree with its official splits/*.json, with DeepFakeDetection and FaceShifter where they are in
/// it. Files of names that are in no list are listed as unplaced.
Listing import_ffpp(const std::filesystem::path& root, const ImportOptions& options);

/// Celeb-DF: List_of_testing_videos.txt is the test split, everything else is train.
Listing import_celeb_df_v1(const std::filesystem::path& root, const ImportOptions& options);
Listing import_celeb_df_v2(const std::filesystem::path& root, const ImportOptions& options);

/// The DeepFake Detection Challenge: parts with metadata.json, validation/ and test/ with labels.csv.
Listing import_dfdc(const std::filesystem::path& root, const ImportOptions& options);

/// Its preview: dataset.json names videos and splits.
Listing import_dfdc_preview(const std::filesystem::path& root, const ImportOptions& options);

/// DeeperForensics-1.0 with lists/splits/*.txt. Its real class is FaceForensics++'s c23 videos, which are taken from
/// that tree where it is found; its own source_videos are not.
Listing import_deeper_forensics(const std::filesystem::path& root, const ImportOptions& options);

/// WildDeepfake: a sequence inside an archive is a video. All archives are read to the end, on several threads.
Listing import_wild_deepfake(const std::filesystem::path& root, const ImportOptions& options);

/// ForgeryNet's pictures and videos; the segments of its video lists become Source::runs.
Listing import_forgery_net(const std::filesystem::path& root, const ImportOptions& options);

/// The names that import_dataset knows.
std::vector<std::string> dataset_names();

/// The name that is meant: `Celeb_DF-v2` is `celeb-df-v2`, `ff++` is `ffpp`. Throws UsageError, with the nearest name,
/// for a word that is none.
std::string dataset_name(const std::string& word);

/// One of dataset_names(), or another spelling of it. Throws UsageError for another name or option, DataError for a
/// root that does not exist, is not such a dataset, holds a malformed list, or holds no video.
Listing import_dataset(const std::string& dataset, const std::filesystem::path& root, const ImportOptions& options);

/// The same, but a listing without any video is no error: it says why each file was left out.
Listing survey_dataset(const std::string& dataset, const std::filesystem::path& root, const ImportOptions& options);

}  // namespace realface::data::importers
