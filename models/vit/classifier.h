#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>
#include <cstdint>
#include <memory>

#include "models/vit/config.h"

namespace realface::models {

/// A vision transformer with the encoder of a masked autoencoder that tells real from fake (vit.h, video_vit.h).
///
/// B pictures or clips of N tokens, V values each; D width.
class Classifier : public torch::nn::Module {
 public:
  static constexpr int64_t kClasses = 2;  // real, fake (G21)

  /// patches: normalised, [B, N, V]. `kept` [B, 2 * depth]: what each residual branch of each sample is multiplied by,
  /// 0 or a factor of the branch (drop path: Huang et al., "Deep networks with stochastic depth", ECCV 2016): attention
  /// and MLP of block 0, of block 1 and so on; undefined: all are kept. Returns [B, D]: the tokens' outputs averaged,
  /// then normalised.
  virtual torch::Tensor features(const torch::Tensor& patches, const torch::Tensor& kept = {}) const = 0;
  virtual torch::Tensor classify(const torch::Tensor& features) const = 0;  // [..., D] -> logits [..., 2]

  const VitConfig& config() const { return config_; }

 protected:
  explicit Classifier(const VitConfig& config) : config_(config) {}
  VitConfig config_;
};

/// The network of config.architecture with unset weights; and initialised, as the original code of its architecture
/// does, every draw keyed by `seed`.
std::shared_ptr<Classifier> make_classifier(const VitConfig& config);
std::shared_ptr<Classifier> make_classifier(const VitConfig& config, uint64_t seed);

}  // namespace realface::models
