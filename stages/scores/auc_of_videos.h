#pragma once

#include <torch/types.h>
#include <set>
#include <string>

#include "stages/scores/roc.h"
#include "stages/scores/samples.h"

namespace realface::stages {

/// How well scores of videos, f64 [videos] in the order of the table, tell its fakes from its reals: of all
/// manipulations, or of `methods` alone if there are any. A video without a label or with a score of NaN is left out.
RocMetrics auc_of_videos(const SampleTable& table, const torch::Tensor& scores, const std::set<std::string>& methods);

}  // namespace realface::stages
