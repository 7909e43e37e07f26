#pragma once

#include <torch/types.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/loading/companion.h"
#include "data/streams.h"
#include "distributed/world.h"
#include "stages/evaluate/branches.h"
#include "stages/scores/samples.h"

namespace realface::stages {

/// Scores of a set by each branch, the same on every rank; NaN for what the stream did not show.
struct SetScores {
  torch::Tensor videos;     // f64 [videos, branches], in the order of the table
  torch::Tensor frames;     // f32 [samples, branches that score frames]
  torch::Tensor masks;      // f64 [videos, MaskCount::count] (localization.h); undefined if no branch locates
  torch::Tensor distances;  // f64 [videos, 2], of restored and of mapped faces (similarity.h)
};

/// How many frames of a video are scored.
struct FramesScored {
  int64_t segments = 5;  // the middle frames of as many equal parts of it (D1)
  int64_t clips = 2;     // if a branch takes clips, so many of them instead, evenly spread (RC1)
};

/// Frames of a clip, if a branch takes clips, or 0.
int64_t clip_of(const std::vector<Branch>& branches);

/// A stream of every labelled video of a split once. batch: videos, over all ranks.
data::StreamNeeds videos_to_score(const std::vector<Branch>& branches, const std::string& name,
                                  const std::string& split, const FramesScored& frames, int64_t batch);

/// Every item of the stream, which ends, is scored once, whatever the number of ranks; what comes in several items gets
/// their mean. restored: the companion with restored faces of this dataset, or null. nullopt: a signal ended it.
/// Collective. Throws Error, naming the video, for a score that is not finite.
std::optional<SetScores> score_videos(const std::vector<Branch>& branches, data::Streams& stream,
                                      const std::string& name, const SampleTable& table,
                                      std::shared_ptr<const data::Companion> restored, distributed::World& world);

}  // namespace realface::stages
