#pragma once

#include <torch/types.h>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/faces/masks.h"
#include "models/set.h"

namespace realface::stages {

/// What a branch says of some videos; p of fake (G21).
struct BranchScores {
  torch::Tensor videos;      // [B]
  torch::Tensor frames;      // [B, T], or undefined if the branch has no score of single frames
  torch::Tensor maps;        // [B, T, 3, h, w], the mapped faces of a network that maps; else undefined
  torch::Tensor masks = {};  // [B, T, H, W], where a localiser says that faces were tampered with; else undefined
  torch::Tensor heat = {};  // [B, T, H, W] in [0, 1], how much each pixel differs from what the network expects: RFFR's
                            // residuals, LRE's first map as shares of its largest value; else undefined
};

/// What a branch hides of each frame.
struct Hidden {
  data::MaskConfig mask;  // of a fixed number of patches
  int64_t patch = 16;     // their side
};

/// One network of a detector that scores videos.
struct Branch {
  std::string name;   // as in the column p_NAME
  int64_t image = 0;  // side of the pictures that it takes
  int64_t clip = 0;   // frames that it takes, consecutive ones; 0: any number of any
  bool has_frames = false;
  bool locates = false;                                            // has masks
  std::function<BranchScores(const torch::Tensor& frames)> score;  // of frames u8 [B, T, H, W, 3]
  std::optional<Hidden> hidden = {};  // if the branch has parts of the frames restored; `score` is then empty
  /// Instead of `score`, with masks bool [B, T, N].
  std::function<BranchScores(const torch::Tensor& frames, const torch::Tensor& masks)> score_hidden = {};
};

/// By the one or the other. masks: undefined if the branch hides nothing.
BranchScores scores_of(const Branch& branch, const torch::Tensor& frames, const torch::Tensor& masks);

/// A frozen network that a branch works with.
struct Partner {
  std::string name;   // in the set
  std::string saved;  // in the checkpoints of the run that trained it
};

/// What branches can be called, in the order of their columns.
std::vector<std::string> branch_names();
/// Those of the branch of that name, and of all branches, each once.
std::vector<Partner> partners_of(const std::string& branch);
std::vector<Partner> all_partners();

/// Those of a set of networks: "vit" scores the mean of its frames' features (D1) or, if it is a network of clips, a
/// clip, which counts for each of its frames (RC2); the others score each frame, and a video by their mean (D15). They
/// hold the networks. Throws Error if they take pictures of unequal sides.
std::vector<Branch> branches_of(const models::Set& set, torch::Device device);

}  // namespace realface::stages
