#pragma once

#include <torch/types.h>
#include <functional>

#include "models/set.h"

namespace realface::stages {

/// What a detector of residuals is shown of a face u8 [H, W, 3] on the networks' device: the residual of all blocks
/// (models/rffr/residuals.h) as a picture u8 [H, W, 3], in which grey is none (RFFR, Fig. 3).
using ViewResidual = std::function<torch::Tensor(const torch::Tensor& face)>;

/// By the set's networks "rffr" and "mae", which it holds; empty if there is no "rffr", or none that sees residuals.
/// Throws as residual_network does.
ViewResidual residual_view(const models::Set& set, torch::Device device);

}  // namespace realface::stages
