#pragma once

#include <torch/types.h>
#include <nlohmann/json.hpp>
#include <string>

#include "stages/scores/samples.h"

/// How well predicted masks tell where faces were tampered with (L8), on crops.
namespace realface::stages {

/// What is counted of a video, the columns of a table of them; sums, so that those of videos and of ranks can be added.
enum class MaskCount { frames, iou, intersection, united, equal, positive, unknown, count };

/// f64 [MaskCount::count] of some frames. masks: [T, H, W] in [0, 1], tampered with from 0.5 on; truth: u8 [T, H, W],
/// as BatchTensors::tampered. A frame of unknown truth is counted as `unknown` and as nothing else. `united`, `equal`
/// and so on are shares of a frame's pixels. IoU is 1 if both are empty.
torch::Tensor count_masks(const torch::Tensor& masks, const torch::Tensor& truth);

/// {"all": {"fakes": {"iou", "iou_pooled", "pbca", "positive", "frames"}, "all": {...}, "unknown"}, METHOD: {...}} of
/// the labelled videos of a split; METHOD is its fakes with all reals. `iou` is the mean over frames, `iou_pooled` that
/// of all pixels together; `pbca` the share of pixels that are rightly told; `positive` of those that truly were
/// tampered with. Null for what has no frames. counts: f64 [videos, MaskCount::count].
nlohmann::json localization_results(const SampleTable& table, const std::string& split, const torch::Tensor& counts);

}  // namespace realface::stages
