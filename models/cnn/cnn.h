#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/settings.h"
#include "models/layers/batch_norm.h"
#include "models/layers/conv.h"
#include "models/layers/linear.h"

namespace realface::models {

struct CnnConfig {
  int64_t image = 224;
  int64_t width = 24;  // channels of the first layer; the next have 2, 4 and 6 times as many
};

void fields(Visitor& visitor, CnnConfig& config);

/// A plain convolutional network that tells real from fake faces, the baseline of every table: four layers of 3 x 3
/// convolution, batch norm and ReLU, of which all but the first halve the picture, then the mean over the picture and
/// one linear layer. 0.2 million parameters at the default width.
class CnnImpl : public torch::nn::Module {
 public:
  explicit CnnImpl(const CnnConfig& config);  // unset weights
  /// Convolutions as He et al. (ICCV 2015) initialise them, every draw keyed by `seed`; the linear layer near zero.
  CnnImpl(const CnnConfig& config, uint64_t seed);

  torch::Tensor forward(const torch::Tensor& pictures);  // normalised [B, 3, H, W] -> logits [B, 2]

  const CnnConfig& config() const { return config_; }

 private:
  CnnConfig config_;
  std::vector<std::shared_ptr<Conv>> convs_;
  std::vector<std::shared_ptr<BatchNorm>> norms_;
  std::shared_ptr<Linear> fc_;
};

}  // namespace realface::models
