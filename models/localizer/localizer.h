#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>
#include <cstdint>
#include <memory>
#include <vector>

#include "models/layers/linear.h"
#include "models/localizer/config.h"
#include "models/localizer/decoder.h"

namespace realface::models {

/// What the localiser says of faces. B faces of H x W.
struct Located {
  torch::Tensor map;      // [B, 3, H/4, W/4]: the face as it would be restored; undefined without mapping
  torch::Tensor mask;     // [B, 1, H, W], in (0, 1): how much each pixel was tampered with; undefined without locating
  torch::Tensor logits;   // [B, 2]: real, fake (G21)
  torch::Tensor encoded;  // [B, C, H/32, W/32]: the encoder's last features; undefined without locating
};

/// Mapping network, encoder-decoder, and a classifier of what both found: Delocate (IJCAI 2024) as docs/decisions.md
/// has it (L1 to L3). The encoder sees the face and, enlarged to its size, the mapped face, so that what either learns
/// reaches the other. Parameters `mapping.*` (mapping_net.h), `encoder.*` (senet.h), `decoder.*` (decoder.h), and
/// `fusion.{fc1,fc2}.{weight,bias}`.
class LocalizerImpl : public torch::nn::Module {
 public:
  static constexpr int64_t kHidden = 512;  // of the classifier

  explicit LocalizerImpl(const LocalizerConfig& config);  // unset weights
  LocalizerImpl(const LocalizerConfig& config, uint64_t seed);

  /// The mapping trunk's [B, C, H/4, W/4] of normalised pictures [B, 3, H, W]; undefined without mapping.
  torch::Tensor features(const torch::Tensor& pictures, Statistics statistics);

  /// What an inner loop adapts (L7): the mapping head's and the classifier's parameters, in the order in which forward
  /// takes them.
  std::vector<torch::Tensor> adapted() const;

  /// pictures and their features. `kept` [B, kHidden] multiplies the classifier's hidden units: dropout's 0 and 2, or
  /// undefined for none.
  Located forward(const torch::Tensor& pictures, const torch::Tensor& features,
                  const std::vector<torch::Tensor>& parameters, Statistics statistics, const torch::Tensor& kept);

  const LocalizerConfig& config() const { return config_; }

 private:
  void initialise(uint64_t seed);

  LocalizerConfig config_;
  std::shared_ptr<MappingNetImpl> mapping_;  // null without mapping
  std::shared_ptr<SeNet> encoder_;           // null without locating, as the decoder
  std::shared_ptr<UnetDecoder> decoder_;
  std::shared_ptr<torch::nn::Module> fusion_;
};

}  // namespace realface::models
