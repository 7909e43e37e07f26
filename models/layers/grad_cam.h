#pragma once

#include <torch/types.h>

namespace realface::models {

/// Where convolutional features speak for a score: Grad-CAM (Selvaraju et al., "Grad-CAM: visual explanations from deep
/// networks via gradient-based localization", ICCV 2017): the sum of the channels, each weighed by the mean gradient of
/// the score to it, where positive. features: [B, K, h, w], in the graph of the scores [B], each of which depends on
/// its own face's features alone. Returns [B, h, w], >= 0, not scaled, without a graph; that of the scores is freed.
torch::Tensor grad_cam(const torch::Tensor& features, const torch::Tensor& scores);

}  // namespace realface::models
