#pragma once

#include <torch/types.h>
#include <optional>
#include <string>
#include <vector>

#include "data/streams.h"
#include "distributed/world.h"
#include "stages/evaluate/branches.h"
#include "stages/scores/samples.h"

namespace realface::stages {

/// Scores of a set by each branch, the same on every rank; NaN for what the stream did not show.
struct SetScores {
  torch::Tensor videos;  // f64 [videos, branches], in the order of the table
  torch::Tensor frames;  // f32 [samples, branches that score frames]
};

/// Every item of the stream, which ends, is scored once, whatever the number of ranks; what comes in several items gets
/// their mean. nullopt: a signal ended it. Collective. Throws Error, naming the video, for a score that is not finite.
std::optional<SetScores> score_videos(const std::vector<Branch>& branches, data::Streams& stream,
                                      const std::string& name, const SampleTable& table, distributed::World& world);

}  // namespace realface::stages
