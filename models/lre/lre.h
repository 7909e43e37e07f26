#pragma once

#include <torch/types.h>
#include <cstdint>
#include <vector>

#include "models/lre/config.h"
#include "models/xception/xception.h"

namespace realface::models {

/// Where the features of two pictures differ: (1 - cosine over channels) / 2 (LRE, Eq. 2; E7). Features [B, C, h, w] ->
/// [B, 1, h, w] in [0, 1].
torch::Tensor difference_map(const torch::Tensor& original, const torch::Tensor& restored);

/// Those of the outputs of these blocks of an extractor, whose numbers ascend; both pictures [B, 3, H, W] in one pass.
std::vector<torch::Tensor> difference_maps(const XceptionImpl& extractor, const std::vector<int64_t>& blocks,
                                           const torch::Tensor& original, const torch::Tensor& restored);

/// The detector of "Learning Local Reconstruction Errors for Face Forgery Detection": an Xception of one logit whose
/// features attend to the places at which a face differs from what an autoencoder of real faces makes of it.
class LreImpl : public XceptionImpl {
 public:
  explicit LreImpl(const LreConfig& config);  // unset weights
  LreImpl(const LreConfig& config, uint64_t seed);

  /// Pictures [B, 3, H, W] and the maps of their differences at blocks() -> the logit of fake, [B].
  torch::Tensor forward(const torch::Tensor& pictures, const std::vector<torch::Tensor>& maps) const;

  const std::vector<int64_t>& blocks() const { return blocks_; }
  const LreConfig& lre() const { return lre_; }

 private:
  LreConfig lre_;
  std::vector<int64_t> blocks_;
};

}  // namespace realface::models
