#include "models/mapping_net/trunk.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/upsample_nearest2d.h>

#include <string>

namespace realface::models {
BasicBlock::BasicBlock(int64_t in, int64_t out, int64_t stride)
    : conv1_(register_module("conv1", std::make_shared<Conv>(in, out, 3, stride))),
      conv2_(register_module("conv2", std::make_shared<Conv>(out, out, 3))),
      bn1_(register_module("bn1", std::make_shared<BatchNorm>(out))),
      bn2_(register_module("bn2", std::make_shared<BatchNorm>(out))) {
  if (in == out && stride == 1) { return; }
  const auto downsample = register_module("downsample", std::make_shared<torch::nn::Module>("downsample"));
  shortcut_ = downsample->register_module("0", std::make_shared<Conv>(in, out, 1, stride));
  shortcut_norm_ = downsample->register_module("1", std::make_shared<BatchNorm>(out));
}

torch::Tensor BasicBlock::forward(const torch::Tensor& x, Statistics statistics) {
  const auto first = at::relu(bn1_->forward(conv1_->forward(x), statistics));
  const auto second = bn2_->forward(conv2_->forward(first), statistics);
  const auto around = shortcut_ ? shortcut_norm_->forward(shortcut_->forward(x), statistics) : x;
  return at::relu(second + around);
}

ResNetTrunk::ResNetTrunk(const std::array<int64_t, 3>& widths)
    : conv1_(register_module("conv1", std::make_shared<Conv>(3, widths[0], 7, 2))),
      bn1_(register_module("bn1", std::make_shared<BatchNorm>(widths[0]))) {
  for (size_t stage = 0; stage < widths.size(); ++stage) {
    const auto name = "layer" + std::to_string(stage + 1);
    const auto layer = register_module(name, std::make_shared<torch::nn::Module>(name));
    const int64_t in = widths[stage == 0 ? 0 : stage - 1], out = widths[stage];
    const int64_t stride = stage == 0 ? 1 : 2;
    stages_[stage].push_back(layer->register_module("0", std::make_shared<BasicBlock>(in, out, stride)));
    stages_[stage].push_back(layer->register_module("1", std::make_shared<BasicBlock>(out, out, 1)));
  }
}

torch::Tensor ResNetTrunk::forward(const torch::Tensor& pictures, Statistics statistics) {
  auto x = at::max_pool2d(at::relu(bn1_->forward(conv1_->forward(pictures), statistics)), 3, 2, 1);
  std::vector<torch::Tensor> outputs;
  for (const auto& stage : stages_) {
    for (const auto& block : stage) { x = block->forward(x, statistics); }
    const auto& first = outputs.empty() ? x : outputs.front();
    outputs.push_back(outputs.empty() ? x : at::upsample_nearest2d(x, {first.size(2), first.size(3)}));
  }
  return at::cat(outputs, 1);
}

}  // namespace realface::models
