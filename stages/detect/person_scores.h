#pragma once

#include <torch/types.h>
#include <vector>

#include "stages/evaluate/branches.h"

namespace realface::stages {

/// What branches say of some frames of one person; on the CPU.
struct PersonScores {
  torch::Tensor p_fake;     // f64 [T, branches]
  torch::Tensor heat = {};  // f32 [T, H, W] in [0, 1], to be laid over the faces: the predicted mask of what was
                            // tampered with, else BranchScores::heat, else how far the faces are from the mapped
                            // ones (1: by a quarter of the range of colours); undefined if no branch has any
  bool has_masks = false;   // it is masks
};

/// Of faces u8 [T, H, W, 3], on the networks' device. A branch of clips scores clips one after another, the last ending
/// with the last frame, and a frame by the mean of its clips; too few frames for one are filled up with the last. A
/// branch without scores of frames gives all of them the score of their mean. landmarks: f32 [T, 68, 2] in pixels of
/// the faces, on the CPU, for a branch that hides patches; undefined: it hides any.
PersonScores score_frames(const std::vector<Branch>& branches, const torch::Tensor& faces,
                          const torch::Tensor& landmarks = {});

}  // namespace realface::stages
