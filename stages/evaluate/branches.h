#pragma once

#include <torch/types.h>
#include <functional>
#include <string>
#include <vector>

#include "models/set.h"

namespace realface::stages {

/// What a branch says of some videos; p of fake (G21).
struct BranchScores {
  torch::Tensor videos;  // [B]
  torch::Tensor frames;  // [B, T], or undefined if the branch has no score of single frames
};

/// One network of a detector that scores videos.
struct Branch {
  std::string name;   // as in the column p_NAME
  int64_t image = 0;  // side of the pictures that it takes
  bool has_frames = false;
  std::function<BranchScores(const torch::Tensor& frames)> score;  // of frames u8 [B, T, H, W, 3]
};

/// Those of a set of networks: "vit" scores the mean of its frames' features (D1), "mapping" each frame; a video's
/// score is then the mean over its frames (D15). They hold the networks. Throws Error if they take pictures of unequal
/// sides.
std::vector<Branch> branches_of(const models::Set& set, torch::Device device);

}  // namespace realface::stages
