#include "models/cnn/cnn.h"

#include <ATen/ops/relu.h>

#include <array>
#include <cmath>
#include <string>

#include "models/layers/init.h"

namespace realface::models {
namespace {

constexpr std::array<int64_t, 4> kMultiples{1, 2, 4, 6};  // of the first layer's width

}  // namespace

void fields(Visitor& v, CnnConfig& c) {
  v.field("image", c.image, within(8, 8192));
  v.field("width", c.width, within(1, 1024));
}

CnnImpl::CnnImpl(const CnnConfig& config) : config_(config) {
  int64_t in = 3;
  for (size_t i = 0; i < kMultiples.size(); ++i) {
    const int64_t out = kMultiples[i] * config.width;
    const auto number = std::to_string(i + 1);
    convs_.push_back(register_module("conv" + number, std::make_shared<Conv>(in, out, 3, i == 0 ? 1 : 2)));
    norms_.push_back(register_module("bn" + number, std::make_shared<BatchNorm>(out)));
    in = out;
  }
  fc_ = register_module("fc", std::make_shared<Linear>(in, 2));
}

CnnImpl::CnnImpl(const CnnConfig& config, uint64_t seed) : CnnImpl(config) {
  const torch::NoGradGuard no_grad;
  for (auto& item : named_parameters()) {
    auto& value = item.value();
    if (value.dim() == 4) {
      const auto fan_in = static_cast<double>(value.size(1) * value.size(2) * value.size(3));
      init_normal(value, std::sqrt(2.0 / fan_in), seed, item.key());
    } else if (item.key() == "fc.weight") {
      init_normal(value, 0.01, seed, item.key());
    }
  }
}

torch::Tensor CnnImpl::forward(const torch::Tensor& pictures) {
  auto x = pictures;
  for (size_t i = 0; i < convs_.size(); ++i) { x = at::relu(norms_[i]->forward(convs_[i]->forward(x))); }
  return fc_->forward(x.mean({2, 3}));
}

}  // namespace realface::models
