#include "models/lre/lre.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/cosine_similarity.h>

#include <algorithm>

namespace realface::models {

torch::Tensor difference_map(const torch::Tensor& original, const torch::Tensor& restored) {
  constexpr double kEps = 1e-8;
  const auto cosine = at::cosine_similarity(original, restored, /*dim=*/1, kEps).unsqueeze(1);
  return ((1 - cosine) / 2).clamp(0, 1);  // rounding alone leaves the interval
}

std::vector<torch::Tensor> difference_maps(const XceptionImpl& extractor, const std::vector<int64_t>& blocks,
                                           const torch::Tensor& original, const torch::Tensor& restored) {
  std::vector<torch::Tensor> maps;
  for (const auto& features : extractor.outputs(at::cat({original, restored}), blocks)) {
    const auto halves = features.chunk(2);
    maps.push_back(difference_map(halves[0], halves[1]));
  }
  return maps;
}

LreImpl::LreImpl(const LreConfig& config) : XceptionImpl(config.xception), lre_(config), blocks_(config.blocks()) {}

LreImpl::LreImpl(const LreConfig& config, uint64_t seed)
    : XceptionImpl(config.xception, seed), lre_(config), blocks_(config.blocks()) {}

torch::Tensor LreImpl::forward(const torch::Tensor& pictures, const std::vector<torch::Tensor>& maps) const {
  const auto attend = [&](int64_t block, const torch::Tensor& features) {
    const auto found = std::ranges::find(blocks_, block);
    if (found == blocks_.end()) { return features; }
    const auto& map = maps.at(static_cast<size_t>(found - blocks_.begin()));
    return lre_.attention == "product" ? features * map : features * (1 + map);
  };
  return XceptionImpl::forward(pictures, attend).squeeze(1);
}

}  // namespace realface::models
