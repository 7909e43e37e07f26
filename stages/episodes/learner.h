#pragma once

#include <torch/types.h>
#include <cstdint>
#include <vector>

#include "models/layers/batch_norm.h"
#include "stages/episodes/inner_loop.h"

namespace realface::stages {

/// Some faces with what is to be learned of them. B faces of H x W; tensors are of the network's type, labels apart.
struct Faces {
  torch::Tensor pictures = {};  // normalised [B, 3, H, W]
  torch::Tensor labels = {};    // i64 [B]
  torch::Tensor targets = {};   // [B, 3, h, w], faces as they were restored; undefined if nothing is mapped
  torch::Tensor truth = {};  // [B, 1, H, W], 1 where somebody tampered with the face; undefined if nothing is located
  torch::Tensor known = {};  // [B], 1 or 0: whether that is known
  std::vector<int64_t> epochs = {}, samples = {};  // [B], the keys of what is drawn about them
  torch::Tensor features = {};                     // Learner::features of the pictures, once they were asked for
};

/// One batch of both.
Faces joined(const Faces& a, const Faces& b);

/// What a network says of faces.
struct Findings {
  torch::Tensor map;     // [B, 3, h, w]; undefined without targets
  torch::Tensor mask;    // [B, 1, H, W], in (0, 1); undefined without truth
  torch::Tensor logits;  // [B, 2]: real, fake (G21)
};

/// A network of which an inner loop adapts a part: what maps, classifies or locates. Does not own the network.
class Learner {
 public:
  /// The pass in which nothing is dropped out.
  static constexpr int64_t kScoring = -1;

  virtual ~Learner() = default;
  /// What the part that is not adapted makes of pictures, once a batch.
  virtual torch::Tensor features(const torch::Tensor& pictures, models::Statistics statistics) = 0;
  /// The network's own parameters that are adapted, as forward takes them.
  virtual Parameters adapted() const = 0;
  /// `pass` numbers the passes of an episode: each draws its own dropout.
  virtual Findings forward(const Faces& faces, const Parameters& parameters, models::Statistics statistics,
                           int64_t pass) = 0;
};

}  // namespace realface::stages
