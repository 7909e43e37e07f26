#pragma once

#include <torch/types.h>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "stages/scores/samples.h"

/// Scores of single frames: frame_scores.csv, and how well they tell fakes from reals.
namespace realface::stages {

/// The frames of a set that were scored.
struct FrameScores {
  std::string set;
  std::vector<std::string> branches;  // those that score frames
  const SampleTable& table;
  const torch::Tensor& scores;  // f32 [samples, branches]; NaN: not scored
};

/// `set,dataset,video,method,label,frame,p_BRANCH...,p_fake`, a row a scored frame; frames are counted from 0 in their
/// video, as stored. The first `kept` bytes of the file that stands there, if not 0, come first. The old file or the
/// new one is there, never a part, and never whole in memory. Videos without a label tell nothing and are left out.
void write_frame_scores(const std::filesystem::path& path, uint64_t kept, const FrameScores& scores);

/// {"all": {"auc", ...}, METHOD: ...} of those frames, as results_of has it for videos; the intervals count the frames
/// of a video as one cluster.
nlohmann::json frame_results(const FrameScores& scores);

}  // namespace realface::stages
