#include "models/localizer/localizer.h"

#include <ATen/ops/adaptive_avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/upsample_bilinear2d.h>

#include <cmath>

#include "models/layers/init.h"
#include "models/layers/kernels.h"

namespace realface::models {
namespace {

/// Initial share of tampered pixels: a prior in the last bias, as in Lin et al., "Focal loss for dense object
/// detection" (ICCV 2017). Most pixels are untouched, so from 0.5 the first updates saturate the sigmoid at 0; its
/// gradient then vanishes and the mask stays empty.
constexpr double kTampered = 0.1;
constexpr int64_t kPooled = 16;  // side of a map and of a mask as the classifier sees them

torch::Tensor pooled(const torch::Tensor& map) { return at::adaptive_avg_pool2d(map, {kPooled, kPooled}).flatten(1); }

}  // namespace

LocalizerImpl::LocalizerImpl(const LocalizerConfig& config) : config_(config) {
  int64_t fused = 0;
  if (config.maps) {
    mapping_ = register_module("mapping", std::make_shared<MappingNetImpl>(config.mapping));
    fused += MapHead::kChannels * kPooled * kPooled;
  }
  if (config.locates) {
    const auto shape = localizer_shape(config.encoder);
    const auto widths = SeNet::widths(shape.encoder);
    encoder_ = register_module("encoder", std::make_shared<SeNet>(shape.encoder, config.maps ? 6 : 3));
    decoder_ = register_module("decoder", std::make_shared<UnetDecoder>(widths, shape.decoder, shape.last));
    fused += kPooled * kPooled + widths.back();
  }
  fusion_ = register_module("fusion", std::make_shared<torch::nn::Module>("fusion"));
  fusion_->register_module("fc1", std::make_shared<Linear>(fused, kHidden));
  fusion_->register_module("fc2", std::make_shared<Linear>(kHidden, 2));
}

LocalizerImpl::LocalizerImpl(const LocalizerConfig& config, uint64_t seed) : LocalizerImpl(config) { initialise(seed); }

/// The mapping network as its own paper has it; other convolutions as He et al. (ICCV 2015), the last near zero; the
/// classifier as PyTorch's Linear. Norms and biases keep their ones and zeros.
void LocalizerImpl::initialise(uint64_t seed) {
  const torch::NoGradGuard no_grad;
  if (mapping_) { mapping_->initialise(seed); }
  for (auto& item : named_parameters()) {
    const auto& name = item.key();
    auto& value = item.value();
    if (name.starts_with("mapping.")) { continue; }
    if (name == "decoder.final.0.weight") {
      init_normal(value, 0.01, seed, name);
    } else if (name == "decoder.final.0.bias") {
      value.fill_(std::log(kTampered / (1 - kTampered)));
    } else if (value.dim() == 4) {
      const auto fan_in = static_cast<double>(value.size(1) * value.size(2) * value.size(3));
      init_normal(value, std::sqrt(2.0 / fan_in), seed, name);
    } else if (name.starts_with("fusion.")) {
      const auto inputs = fusion_->named_parameters()[name.substr(7, 3) + ".weight"].size(1);
      init_uniform(value, 1 / std::sqrt(static_cast<double>(inputs)), seed, name);
    }
  }
}

torch::Tensor LocalizerImpl::features(const torch::Tensor& pictures, Statistics statistics) {
  return mapping_ ? mapping_->features(pictures, statistics) : torch::Tensor();
}

std::vector<torch::Tensor> LocalizerImpl::adapted() const {
  std::vector<torch::Tensor> parameters = mapping_ ? mapping_->head().parameters() : std::vector<torch::Tensor>();
  const auto fusion = fusion_->parameters();
  parameters.insert(parameters.end(), fusion.begin(), fusion.end());
  return parameters;
}

Located LocalizerImpl::forward(const torch::Tensor& pictures, const torch::Tensor& features,
                               const std::vector<torch::Tensor>& parameters, Statistics statistics,
                               const torch::Tensor& kept) {
  Located located;
  std::vector<torch::Tensor> found;
  auto seen = pictures;
  if (mapping_) {
    located.map = mapping_->head().forward(features, parameters, statistics).map;
    found.push_back(pooled(located.map));
    const auto enlarged =
        at::upsample_bilinear2d(located.map, {pictures.size(2), pictures.size(3)}, /*align_corners=*/false);
    seen = at::cat({pictures, enlarged}, 1);
  }
  if (encoder_) {
    const auto encoded = encoder_->forward(seen, statistics);
    located.encoded = encoded.back();
    located.mask = decoder_->forward(encoded);
    found.push_back(pooled(located.mask));
    found.push_back(encoded.back().mean({2, 3}));
  }
  const auto* own = &parameters.at(parameters.size() - 4);  // weight and bias of fc1 and fc2
  auto hidden = at::relu(kernels::linear(at::cat(found, 1), own[0], own[1]));
  if (kept.defined()) { hidden = hidden * kept; }
  located.logits = kernels::linear(hidden, own[2], own[3]);
  return located;
}

}  // namespace realface::models
