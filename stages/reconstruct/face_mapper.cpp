#include "stages/reconstruct/face_mapper.h"

#include "models/localizer/localizer.h"
#include "models/mapping_net/mapping_net.h"
#include "stages/training/pixels.h"

namespace realface::stages {
namespace {

constexpr auto kKept = models::Statistics::running;

/// [1, 3, h, w] -> u8 [H, W, 3].
torch::Tensor as_picture(const torch::Tensor& map, int64_t side) {
  const auto bytes = (map[0].permute({1, 2, 0}).clamp(0, 1) * 255).round().to(torch::kUInt8);
  const int64_t scale = side / bytes.size(0);
  return bytes.repeat_interleave(scale, 0).repeat_interleave(scale, 1);
}

MapFace by_mapping(const models::Set& set, torch::Device device) {
  const auto network = set.get<models::MappingNetImpl>("mapping");
  return [network, pixels = Normaliser("imagenet", 1, device)](const torch::Tensor& face) {
    const auto features = network->features(pixels.planes(face.unsqueeze(0)), kKept);
    const auto mapped = network->head().forward(features, kKept);
    return MappedFace{as_picture(mapped.map, face.size(0)), {}};
  };
}

MapFace by_localizer(const models::Set& set, torch::Device device) {
  const auto network = set.get<models::LocalizerImpl>("localizer");
  return [network, pixels = Normaliser("imagenet", 1, device)](const torch::Tensor& face) {
    const auto picture = pixels.planes(face.unsqueeze(0));
    const auto features = network->features(picture, kKept);
    const auto found = network->forward(picture, features, network->adapted(), kKept, {});
    return MappedFace{found.map.defined() ? as_picture(found.map, face.size(0)) : found.map,
                      found.mask.defined() ? found.mask[0][0] : found.mask};
  };
}

}  // namespace

MapFace face_mapper(const models::Set& set, torch::Device device) {
  if (set.entries().contains("mapping")) { return by_mapping(set, device); }
  if (set.entries().contains("localizer")) { return by_localizer(set, device); }
  return {};
}

bool locates(const models::Set& set) {
  return set.entries().contains("localizer") && set.get<models::LocalizerImpl>("localizer")->config().locates;
}

}  // namespace realface::stages
