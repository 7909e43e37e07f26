#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "stages/scores/missing.h"

/// scores.csv: what detectors said of videos, for people and other programs.
namespace realface::stages {

/// Their names in the folder of an evaluation.
inline constexpr const char* kScoresFile = "scores.csv";
inline constexpr const char* kFrameScoresFile = "frame_scores.csv";
inline constexpr const char* kResultsFile = "results.json";

struct VideoScore {
  std::string set, dataset, video, method;  // method: empty for reals
  int label = 0;                            // 0 real, 1 fake
  int64_t frames = 0;                       // that were looked at
  std::vector<double> branches;             // probability of fake by each branch; empty if there was no usable face
  double p_fake = kNaN;                     // their mean; NaN if there was no usable face
};

struct Scores {
  std::vector<std::string> branches;  // their names
  std::vector<VideoScore> videos;     // a video of a set once
};

/// The videos by set; they point into `scores`.
std::map<std::string, std::vector<const VideoScore*>> videos_by_set(const Scores& scores);

/// A field of a CSV file, in quotes if it must be (RFC 4180).
std::string csv_field(const std::string& text);

/// `set,dataset,video,method,label,frames,p_BRANCH...,p_fake`, as RFC 4180 has it; numbers read back as the same
/// double. The old file or the new one is there, never a part.
void write_scores(const std::filesystem::path& path, const Scores& scores);
/// Throws Error for a file with other columns, a line that cannot be read, naming it, or a video that comes twice.
Scores read_scores(const std::filesystem::path& path);

}  // namespace realface::stages
