#include "models/localizer/senet.h"

#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>

#include <string>

namespace realface::models {
namespace {

constexpr int64_t kExpansion = 4, kGateReduction = 16, kGroups = 64;

}  // namespace

SeBottleneck::SeBottleneck(const SeNetShape& shape, int64_t in, int64_t planes, int64_t stride,
                           int64_t shortcut_kernel) {
  const int64_t first = shape.senet ? 2 * planes : planes, second = shape.senet ? 4 * planes : planes;
  const int64_t out = kExpansion * planes, groups = shape.senet ? kGroups : 1;
  conv1_ = register_module("conv1", std::make_shared<Conv>(in, first, 1, shape.senet ? 1 : stride));
  bn1_ = register_module("bn1", std::make_shared<BatchNorm>(first));
  conv2_ = register_module("conv2", std::make_shared<Conv>(first, second, 3, shape.senet ? stride : 1, groups));
  bn2_ = register_module("bn2", std::make_shared<BatchNorm>(second));
  conv3_ = register_module("conv3", std::make_shared<Conv>(second, out, 1));
  bn3_ = register_module("bn3", std::make_shared<BatchNorm>(out));
  gate_ = register_module("se_module", std::make_shared<ChannelGate>(out, kGateReduction));
  if (in == out && stride == 1) { return; }
  const auto downsample = register_module("downsample", std::make_shared<torch::nn::Module>("downsample"));
  shortcut_ = downsample->register_module("0", std::make_shared<Conv>(in, out, shortcut_kernel, stride));
  shortcut_norm_ = downsample->register_module("1", std::make_shared<BatchNorm>(out));
}

torch::Tensor SeBottleneck::forward(const torch::Tensor& x, Statistics statistics) {
  auto y = at::relu(bn1_->forward(conv1_->forward(x), statistics));
  y = at::relu(bn2_->forward(conv2_->forward(y), statistics));
  y = bn3_->forward(conv3_->forward(y), statistics);
  const auto around = shortcut_ ? shortcut_norm_->forward(shortcut_->forward(x), statistics) : x;
  return at::relu(y * gate_->gate(y) + around);
}

SeNet::SeNet(const SeNetShape& shape, int64_t channels) {
  const auto layer0 = register_module("layer0", std::make_shared<torch::nn::Module>("layer0"));
  const auto stem = [&](int64_t in, int64_t out, int64_t kernel, int64_t stride) {
    const auto number = std::to_string(stem_.size() + 1);
    stem_.emplace_back(layer0->register_module("conv" + number, std::make_shared<Conv>(in, out, kernel, stride)),
                       layer0->register_module("bn" + number, std::make_shared<BatchNorm>(out)));
  };
  stem(channels, shape.senet ? shape.stem / 2 : shape.stem, shape.senet ? 3 : 7, 2);
  if (shape.senet) { stem(shape.stem / 2, shape.stem / 2, 3, 1), stem(shape.stem / 2, shape.stem, 3, 1); }
  int64_t in = shape.stem;
  for (size_t stage = 0; stage < stages_.size(); ++stage) {
    const auto name = "layer" + std::to_string(stage + 1);
    const auto layer = register_module(name, std::make_shared<torch::nn::Module>(name));
    for (int64_t i = 0; i < shape.blocks[stage]; ++i) {
      const int64_t stride = i == 0 && stage > 0 ? 2 : 1, kernel = shape.senet && stage > 0 ? 3 : 1;
      stages_[stage].push_back(layer->register_module(
          std::to_string(i), std::make_shared<SeBottleneck>(shape, in, shape.planes[stage], stride, kernel)));
      in = kExpansion * shape.planes[stage];
    }
  }
}

std::array<torch::Tensor, 5> SeNet::forward(const torch::Tensor& pictures, Statistics statistics) {
  std::array<torch::Tensor, 5> outputs;
  auto x = pictures;
  for (const auto& [conv, norm] : stem_) { x = at::relu(norm->forward(conv->forward(x), statistics)); }
  outputs[0] = x;
  x = at::max_pool2d(x, /*kernel_size=*/3, /*stride=*/2, /*padding=*/0, /*dilation=*/1, /*ceil_mode=*/true);
  for (size_t stage = 0; stage < stages_.size(); ++stage) {
    for (const auto& block : stages_[stage]) { x = block->forward(x, statistics); }
    outputs[stage + 1] = x;
  }
  return outputs;
}

std::array<int64_t, 5> SeNet::widths(const SeNetShape& shape) {
  std::array<int64_t, 5> widths{shape.stem};
  for (size_t i = 0; i < shape.planes.size(); ++i) { widths[i + 1] = kExpansion * shape.planes[i]; }
  return widths;
}

}  // namespace realface::models
