#include "models/xception/xception.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <string>

#include "models/layers/init.h"
#include "models/layers/kernels.h"

namespace realface::models {

namespace {

/// Every other pixel of a picture [B, C, H, W], and so on. Cut with channels last, since the gradient of a slice is
/// laid out as what was sliced: that of a picture cut channels first would make every norm before it take a slow path.
torch::Tensor strided(const torch::Tensor& x, int64_t stride) {
  if (stride == 1) { return x; }
  const auto pixels = x.permute({0, 2, 3, 1});
  return pixels.slice(1, 0, {}, stride).slice(2, 0, {}, stride).permute({0, 3, 1, 2});
}

}  // namespace

Pointwise::Pointwise(int64_t in, int64_t out, int64_t stride)
    : stride_(stride), weight_(register_parameter("weight", at::zeros({out, in, 1, 1}))) {}

torch::Tensor Pointwise::forward(const torch::Tensor& x, BatchNorm& norm) const {
  const auto seen = strided(x, stride_);
  if (norm.is_training() || at::GradMode::is_enabled()) {
    return norm.forward(kernels::pointwise_convolution(seen, weight_, {}));
  }
  const auto [scale, shift] = norm.scale_and_shift();
  return kernels::pointwise_convolution(seen, weight_ * scale.view({-1, 1, 1, 1}), shift);
}

SeparableConv::SeparableConv(int64_t in, int64_t out)
    : each_(register_module("conv1", std::make_shared<Conv>(in, in, 3, 1, /*groups=*/in))),
      across_(register_module("pointwise", std::make_shared<Pointwise>(in, out))) {}

torch::Tensor SeparableConv::forward(const torch::Tensor& x, BatchNorm& norm) const {
  return across_->forward(each_->forward(x), norm);
}

XceptionBlock::XceptionBlock(const Shape& shape) : shape_(shape) {
  if (shape.in != shape.out || shape.stride != 1) {
    shortcut_ = register_module("skip", std::make_shared<Pointwise>(shape.in, shape.out, shape.stride));
    shortcut_norm_ = register_module("skipbn", std::make_shared<BatchNorm>(shape.out));
  }
  const auto rep = register_module("rep", std::make_shared<torch::nn::Module>("rep"));
  for (int64_t i = 0; i < shape.layers; ++i) {
    const int64_t in = shape.grow_first && i > 0 ? shape.out : shape.in;
    const int64_t out = shape.grow_first || i + 1 == shape.layers ? shape.out : shape.in;
    const int64_t place = 3 * i + (shape.relu_first ? 1 : 0);  // of the reference, which counts ReLUs too
    layers_.emplace_back(rep->register_module(std::to_string(place), std::make_shared<SeparableConv>(in, out)),
                         rep->register_module(std::to_string(place + 1), std::make_shared<BatchNorm>(out)));
  }
}

torch::Tensor XceptionBlock::forward(const torch::Tensor& x) const {
  auto y = x;
  for (size_t i = 0; i < layers_.size(); ++i) {
    if (i > 0) { y.relu_(); }  // the block's input, which the shortcut needs too, stays as it is
    if (i == 0 && shape_.relu_first) { y = at::relu(y); }
    y = layers_[i].first->forward(y, *layers_[i].second);
  }
  if (shape_.stride != 1) { y = at::max_pool2d(y, /*kernel_size=*/3, shape_.stride, /*padding=*/1); }
  return y.add_(shortcut_ ? shortcut_->forward(x, *shortcut_norm_) : x);
}

XceptionImpl::XceptionImpl(const XceptionConfig& config) : config_(config) {
  const auto shape = xception_shape(config.size);
  const auto unpadded = [](int64_t in, int64_t out, int64_t stride) {
    return std::make_shared<Conv>(in, out, 3, stride, /*groups=*/1, /*has_bias=*/false, /*padding=*/0);
  };
  conv1_ = register_module("conv1", unpadded(3, shape.stem[0], shape.stem_stride));
  bn1_ = register_module("bn1", std::make_shared<BatchNorm>(shape.stem[0]));
  conv2_ = register_module("conv2", unpadded(shape.stem[0], shape.stem[1], 1));
  bn2_ = register_module("bn2", std::make_shared<BatchNorm>(shape.stem[1]));
  int64_t in = shape.stem[1];
  const auto add = [&](XceptionBlock::Shape block) {
    block.in = in;
    in = block.out;
    const auto name = "block" + std::to_string(blocks_.size() + 1);
    blocks_.push_back(register_module(name, std::make_shared<XceptionBlock>(block)));
  };
  for (const int64_t width : shape.entry) { add({0, width, 2, 2, /*relu_first=*/!blocks_.empty()}); }
  for (int64_t i = 0; i < shape.middle; ++i) { add({0, in, 3, 1}); }
  add({0, shape.exit[0], 2, 2, true, /*grow_first=*/false});
  conv3_ = register_module("conv3", std::make_shared<SeparableConv>(in, shape.exit[1]));
  bn3_ = register_module("bn3", std::make_shared<BatchNorm>(shape.exit[1]));
  conv4_ = register_module("conv4", std::make_shared<SeparableConv>(shape.exit[1], shape.exit[2]));
  bn4_ = register_module("bn4", std::make_shared<BatchNorm>(shape.exit[2]));
  if (config.classes > 0) { fc_ = register_module("fc", std::make_shared<Linear>(shape.exit[2], config.classes)); }
}

XceptionImpl::XceptionImpl(const XceptionConfig& config, uint64_t seed) : XceptionImpl(config) {
  const torch::NoGradGuard no_grad;
  for (auto& item : named_parameters()) {
    auto& value = item.value();
    if (value.dim() == 4) {
      const auto fan_out = static_cast<double>(value.size(0) * value.size(2) * value.size(3));
      init_normal(value, std::sqrt(2.0 / fan_out), seed, item.key());
    } else if (item.key().starts_with("fc.")) {
      const auto inputs = static_cast<double>(xception_shape(config.size).exit[2]);
      init_uniform(value, 1 / std::sqrt(inputs), seed, item.key());
    }
  }
}

torch::Tensor XceptionImpl::stem(const torch::Tensor& pictures) const {
  const auto last = pictures.contiguous(at::MemoryFormat::ChannelsLast);
  const auto x = bn1_->forward(conv1_->forward(last)).relu_();
  return bn2_->forward(conv2_->forward(x)).relu_();
}

torch::Tensor XceptionImpl::forward(const torch::Tensor& pictures, const AtBlock& at_block) const {
  auto x = stem(pictures);
  for (size_t i = 0; i < blocks_.size(); ++i) {
    x = blocks_[i]->forward(x);
    if (at_block) { x = at_block(static_cast<int64_t>(i) + 1, x); }
  }
  x = conv3_->forward(x, *bn3_).relu_();
  x = conv4_->forward(x, *bn4_).relu_().mean({2, 3});
  return fc_ ? fc_->forward(x) : x;
}

std::vector<torch::Tensor> XceptionImpl::outputs(const torch::Tensor& pictures,
                                                 const std::vector<int64_t>& blocks) const {
  std::vector<torch::Tensor> found;
  auto x = stem(pictures);
  for (int64_t number = 1; found.size() < blocks.size(); ++number) {
    x = blocks_.at(static_cast<size_t>(number - 1))->forward(x);
    if (blocks[found.size()] == number) { found.push_back(x); }
  }
  return found;
}

}  // namespace realface::models
