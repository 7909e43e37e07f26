#include "models/mapping_net/head.h"

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>

#include "base/error.h"
#include "models/layers/kernels.h"
#include "models/layers/linear.h"

namespace realface::models {

MapHead::MapHead(const std::array<int64_t, 3>& widths, bool sigmoid, bool classifies)
    : sigmoid_(sigmoid), classifies_(classifies) {
  const auto conv = register_module("conv", std::make_shared<torch::nn::Module>("conv"));
  for (size_t i = 0; i < convs_.size(); ++i) {
    const int64_t out = i + 1 < widths.size() ? widths[i + 1] : kChannels;
    // As in a Sequential of convolution, norm, ReLU and so on, whose numbers the names show.
    convs_[i] = conv->register_module(std::to_string(3 * i), std::make_shared<Conv>(widths[i], out, 3));
    if (sigmoid && i + 1 == convs_.size()) { break; }
    norms_[i] = conv->register_module(std::to_string(3 * i + 1), std::make_shared<BatchNorm>(out));
  }
  if (classifies) { register_module("fc", std::make_shared<Linear>(kChannels * kPooled * kPooled, 2)); }
}

Mapped MapHead::forward(const torch::Tensor& features, const std::vector<torch::Tensor>& parameters,
                        Statistics statistics) {
  size_t next = 0;
  const auto take = [&]() -> const torch::Tensor& { return parameters.at(next++); };
  Mapped mapped{features, {}};
  for (size_t i = 0; i < convs_.size(); ++i) {
    mapped.map = convs_[i]->forward(mapped.map, take());
    if (!norms_[i]) { continue; }
    const auto &weight = take(), &bias = take();
    mapped.map = at::relu(norms_[i]->forward(mapped.map, weight, bias, statistics));
  }
  if (sigmoid_) { mapped.map = at::sigmoid(mapped.map); }
  if (!classifies_) { return mapped; }
  const auto &weight = take(), &bias = take();
  const auto pooled = at::adaptive_avg_pool2d(mapped.map, {kPooled, kPooled});
  mapped.logits = kernels::linear(pooled.flatten(1), weight, bias);
  return mapped;
}

}  // namespace realface::models
