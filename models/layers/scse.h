#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>
#include <cstdint>
#include <memory>

#include "models/layers/conv.h"

namespace realface::models {

/// How much of each channel passes, by the means of all: squeeze-and-excitation (Hu et al., "Squeeze-and-excitation
/// networks", CVPR 2018). Parameters `fc1` [C / reduction, C, 1, 1], `fc2` and their biases, convolutions as in the
/// published code.
class ChannelGate : public torch::nn::Module {
 public:
  ChannelGate(int64_t channels, int64_t reduction);
  torch::Tensor gate(const torch::Tensor& x) const;  // [B, C, H, W] -> [B, C, 1, 1], in (0, 1)

 private:
  std::shared_ptr<Conv> fc1_, fc2_;
};

/// Concurrent spatial and channel squeeze-and-excitation (Roy et al., MICCAI 2018): x through the gate of its channels,
/// or through a gate of its places, whichever lets more pass. Parameters as ChannelGate's, and `spatial_se.0.weight`
/// [1, C, 1, 1].
class ScSe : public ChannelGate {
 public:
  ScSe(int64_t channels, int64_t reduction);
  torch::Tensor forward(const torch::Tensor& x) const;  // [B, C, H, W] -> the same shape

 private:
  std::shared_ptr<Conv> places_;
};

}  // namespace realface::models
