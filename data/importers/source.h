#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

/// What an importer finds below a dataset's root: which file is which video, before anything is decoded.
namespace realface::data::importers {

enum class SourceKind : int8_t {
  video = 0,    // a file with a video stream
  picture = 1,  // a picture: a video of one frame
  frames = 2,   // a folder of numbered pictures: one frame each
  archive = 3,  // numbered pictures inside a tar or tar.gz, below Source::member: one frame each
};

/// `count` frames from `first` on, by their ordinal in the source, with one label.
struct LabelledRun {
  int32_t first = 0, count = 0;
  int8_t label = 0;
};

/// One video to be.
struct Source {
  std::string path;  // file, or folder of frames
  SourceKind kind = SourceKind::video;
  int64_t bytes = 0;                        // of the file or of all frames
  int64_t files = 1;                        // number of frames of a folder
  std::string key;                          // stable id, at most 63 bytes: dataset/method/compression/stem
  std::string dataset, manip, compression;  // manip is empty for a real video
  std::string split;                        // train | val | test
  int8_t label = 0;                         // 0 real, 1 fake
  int32_t identity = -1, partner = -1;      // persons: shown, and whose face was put in
  int64_t group = 0;                        // leakage group: a source video and all fakes made from it
  std::string mask_path;                    // tampered area: a video, a picture or a folder of pictures; empty: none
  std::string original_path;                // the real video, frame for frame, behind a fake; empty: unknown or absent
  std::string member;                       // archive: the folder of the frames inside it, without a leading "./"
  std::vector<LabelledRun> runs;            // temporal labels: frames of a fake video that are real; empty: all `label`
};

/// A file that belongs to no video, and why: listed, never dropped silently.
struct Unplaced {
  std::string path, why;
};

struct Listing {
  std::vector<Source> sources;  // by key, ascending; keys are unique
  std::vector<Unplaced> unplaced;
  std::vector<std::string> notes;  // what a person should know of the dataset: counts of what disagrees or is absent
};

void to_json(nlohmann::json& json, const Source& source);
void from_json(const nlohmann::json& json, Source& source);

/// `key` itself up to 63 bytes; a longer one is cut and ends in the hash of the whole, so that it stays unique.
std::string bounded_key(const std::string& key);

/// A number for a group, from its name: the first 63 bits of its SHA-256.
int64_t group_number(const std::string& name);

/// train, val or test with shares 80, 10, 10 of 100, decided by the group alone, so that a video and its fakes stay
/// together.
std::string split_by_group(int64_t group);

/// Sorts by key and throws DataError, naming both files, where two have the same key.
void sort_by_key(std::vector<Source>& sources);

}  // namespace realface::data::importers
