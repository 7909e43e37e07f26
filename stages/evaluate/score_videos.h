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

/// Every item of the stream, which ends, is scored once, whatever the number of ranks; what comes in several items gets
/// their mean. restored: the companion with restored faces of this dataset, or null. nullopt: a signal ended it.
/// Collective. Throws Error, naming the video, for a score that is not finite.
std::optional<SetScores> score_videos(const std::vector<Branch>& branches, data::Streams& stream,
                                      const std::string& name, const SampleTable& table,
                                      std::shared_ptr<const data::Companion> restored, distributed::World& world);

}  // namespace realface::stages
