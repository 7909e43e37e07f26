#pragma once

#include <torch/types.h>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "data/streams.h"
#include "distributed/world.h"
#include "stages/scores/samples.h"

namespace realface::stages {

/// Probability of fake f64 [B] of each video of a batch, frames u8 [B, T, H, W, 3].
using Branch = std::function<torch::Tensor(const torch::Tensor& frames)>;

/// The score of each video of a table by one branch, NaN for one that the stream did not show; the same on every rank.
/// Every video of the stream, which ends, is scored once, whatever the number of ranks. nullopt: a signal ended it.
/// Collective. Throws Error, naming the video, for a score that is not finite.
std::optional<std::vector<double>> score_videos(const Branch& branch, data::Streams& stream, const std::string& name,
                                                const SampleTable& table, distributed::World& world);

}  // namespace realface::stages
