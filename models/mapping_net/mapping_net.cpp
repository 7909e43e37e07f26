#include "models/mapping_net/mapping_net.h"

#include <cmath>

#include "models/layers/init.h"

namespace realface::models {
namespace {

constexpr int64_t kStride = 16;  // of the last stage: pictures are multiples of it

/// Widths of the trunk's stages, and of the head from its features on.
struct Widths {
  std::array<int64_t, 3> trunk, head;
};

Widths widths_of(const MappingConfig& config) {
  if (config.size == "small") { return {{16, 32, 64}, {112, 56, 28}}; }
  return {{64, 128, 256}, {448, 224, 112}};
}

}  // namespace

void fields(Visitor& v, MappingConfig& c) {
  v.field("size", c.size, {"full", "small"});
  v.field("last", c.last, {"bn_relu", "sigmoid"});
  v.field("image", c.image, within(1, 8192));
}

void check(const MappingConfig& c, Checker& checker) {
  if (c.image % kStride == 0 && c.image >= 4 * MapHead::kPooled) { return; }
  checker.fault({"model.image"},
                "model.image must be a multiple of 16 and at least 64: the map is a quarter of it, and "
                "16 x 16 places of the map are classified");
}

MappingNetImpl::MappingNetImpl(const MappingConfig& config) : config_(config) {
  const auto widths = widths_of(config);
  trunk_ = register_module("trunk", std::make_shared<ResNetTrunk>(widths.trunk));
  head_ = register_module("head", std::make_shared<MapHead>(widths.head, config.last == "sigmoid", config.classifies));
}

MappingNetImpl::MappingNetImpl(const MappingConfig& config, uint64_t seed) : MappingNetImpl(config) {
  initialise(seed);
}

/// Convolutions N(0, sqrt(2 / (k k out))) as DBMNet and torchvision have them; the classifier as PyTorch's Linear.
void MappingNetImpl::initialise(uint64_t seed) {
  const torch::NoGradGuard no_grad;
  for (auto& item : named_parameters()) {
    const auto& name = item.key();
    auto& value = item.value();
    if (value.dim() == 4) {
      init_normal(value, std::sqrt(2.0 / static_cast<double>(value.size(0) * value.size(2) * value.size(3))), seed,
                  name);
    } else if (name.starts_with("head.fc.")) {
      const auto inputs = static_cast<double>(MapHead::kChannels * MapHead::kPooled * MapHead::kPooled);
      init_uniform(value, 1 / std::sqrt(inputs), seed, name);
    }
  }
}

}  // namespace realface::models
