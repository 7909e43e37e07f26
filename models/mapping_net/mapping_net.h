#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/settings.h"
#include "models/layers/batch_norm.h"
#include "models/mapping_net/head.h"
#include "models/mapping_net/trunk.h"

namespace realface::models {

/// The mapping network of DeepfakeMAE, Recap and Delocate (docs/decisions.md, D2, D3, D6), after the depth branch of
/// Jia et al., "Dual-branch meta-learning network with distribution alignment for face anti-spoofing" (TIFS 2021).
struct MappingConfig {
  std::string size = "full";     // full: ResNet-18, 448-224-112-3 | small: a quarter of its width, for small pictures
  std::string last = "bn_relu";  // what the map ends with: bn_relu | sigmoid (D3)
  int64_t image = 224;
  bool classifies = true;  // false in a localiser, which classifies by more than the map: no key, and no `fc`
};

void fields(Visitor& visitor, MappingConfig& config);
void check(const MappingConfig& config, Checker& checker);

/// From a whole face to the face as it would be restored, at a quarter of its side, and to the class. Parameters
/// `trunk.*` with torchvision's names, and `head.*`.
class MappingNetImpl : public torch::nn::Module {
 public:
  explicit MappingNetImpl(const MappingConfig& config);  // unset weights
  MappingNetImpl(const MappingConfig& config, uint64_t seed);

  /// Normalised pictures [B, 3, H, W] -> features [B, C, H/4, W/4].
  torch::Tensor features(const torch::Tensor& pictures, Statistics statistics) {
    return trunk_->forward(pictures, statistics);
  }
  MapHead& head() { return *head_; }
  void initialise(uint64_t seed);  // what the second constructor does

  const MappingConfig& config() const { return config_; }

 private:
  MappingConfig config_;
  std::shared_ptr<ResNetTrunk> trunk_;
  std::shared_ptr<MapHead> head_;
};

}  // namespace realface::models
