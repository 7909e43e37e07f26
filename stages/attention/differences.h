#pragma once

#include <torch/types.h>
#include <memory>
#include <vector>

#include "data/faces/masks.h"
#include "models/lre/lre.h"
#include "models/mae/masked_autoencoder.h"
#include "models/set.h"
#include "stages/training/pixels.h"

namespace realface::stages {

/// What the detector is shown of faces, and how it came about.
struct Differing {
  torch::Tensor faces;              // [B, 3, H, W], normalised for an Xception
  torch::Tensor restored;           // f32 [B, H, W, 3] in [0, 1]: predicted where hidden, else copied (E4)
  std::vector<torch::Tensor> maps;  // of each tap [B, 1, h, w]
};

/// The frozen half of Local Reconstruction Errors: faces, restored by an autoencoder of real ones, and where an
/// extractor's features say that they differ. Holds the networks "mae" and "extractor" of a set; on their device.
class Differences {
 public:
  /// Throws ConfigError if the autoencoder restores clips, no pixels, or faces of another size, and Error if the
  /// extractor is another Xception than the detector.
  Differences(const models::Set& set, const models::LreConfig& config, torch::Device device);

  /// images: u8 [B, H, W, 3]; masks: bool [B, N], true = hidden, equally many in each. Without a graph.
  Differing of(const torch::Tensor& images, const torch::Tensor& masks) const;

  int64_t patch() const { return network_->config().patch; }

 private:
  torch::Tensor restored(const torch::Tensor& images, const torch::Tensor& masks) const;

  std::shared_ptr<models::MaskedAutoencoder> network_;
  std::shared_ptr<models::XceptionImpl> extractor_;
  std::vector<int64_t> blocks_;
  Normaliser seen_, unit_, half_;  // of the autoencoder, of [0, 1], of the Xceptions
  int64_t visible_;                // patches of a face
};

/// Maps [B, 1, h, w] at the size of faces of `side` pixels, as shares of each map's largest value: [B, side, side] in
/// [0, 1].
torch::Tensor enlarged(const torch::Tensor& maps, int64_t side);

/// How the detector hides patches.
data::MaskConfig mask_of(const models::LreConfig& config);

/// [B, 2] of the logit of fake, [B]: their softmax is its sigmoid, and their cross-entropy its binary one (E9).
torch::Tensor two_logits(const torch::Tensor& logit);

}  // namespace realface::stages
