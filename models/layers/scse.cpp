#include "models/layers/scse.h"

#include <ATen/ops/maximum.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>

namespace realface::models {

ChannelGate::ChannelGate(int64_t channels, int64_t reduction)
    : fc1_(register_module("fc1", std::make_shared<Conv>(channels, channels / reduction, 1, 1, 1, /*has_bias=*/true))),
      fc2_(register_module("fc2", std::make_shared<Conv>(channels / reduction, channels, 1, 1, 1, true))) {}

torch::Tensor ChannelGate::gate(const torch::Tensor& x) const {
  return at::sigmoid(fc2_->forward(at::relu(fc1_->forward(x.mean({2, 3}, /*keepdim=*/true)))));
}

ScSe::ScSe(int64_t channels, int64_t reduction) : ChannelGate(channels, reduction) {
  const auto spatial = register_module("spatial_se", std::make_shared<torch::nn::Module>("spatial_se"));
  places_ = spatial->register_module("0", std::make_shared<Conv>(channels, 1, 1));
}

torch::Tensor ScSe::forward(const torch::Tensor& x) const {
  return at::maximum(x * gate(x), x * at::sigmoid(places_->forward(x)));
}

}  // namespace realface::models
