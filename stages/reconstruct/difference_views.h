#pragma once

#include <torch/types.h>
#include <functional>
#include <vector>

#include "models/set.h"

namespace realface::stages {

/// Where a detector of local reconstruction errors attends to: for each of its taps f32 [H, W] in [0, 1], the map of
/// differences (E7), enlarged to the face and scaled by its maximum. Of a face u8 [H, W, 3] whose patches `mask`, bool
/// [N], are restored; on the networks' device.
using ViewDifferences = std::function<std::vector<torch::Tensor>(const torch::Tensor& face, const torch::Tensor& mask)>;

/// By the set's networks "lre", "mae" and "extractor", which it holds; empty if there is no "lre". Throws as
/// Differences does.
ViewDifferences difference_views(const models::Set& set, torch::Device device);

}  // namespace realface::stages
