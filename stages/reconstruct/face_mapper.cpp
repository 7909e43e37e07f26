#include "stages/reconstruct/face_mapper.h"

#include <ATen/ops/upsample_bilinear2d.h>

#include "models/layers/grad_cam.h"
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

/// Of what speaks for "fake", at the face's size; zeros if nothing does.
torch::Tensor activation(const torch::Tensor& features, const torch::Tensor& logits, int64_t side) {
  const auto cam = models::grad_cam(features, logits.select(1, 1)).to(torch::kFloat32);
  const auto large = at::upsample_bilinear2d(cam.unsqueeze(1), {side, side}, /*align_corners=*/false)[0][0];
  return large / large.max().clamp_min(1e-12);
}

MapFace by_mapping(const models::Set& set, torch::Device device) {
  const auto network = set.get<models::MappingNetImpl>("mapping");
  return [network, pixels = Normaliser("imagenet", 1, device)](const torch::Tensor& face) {
    const torch::AutoGradMode recording(true);
    const auto features = network->features(pixels.planes(face.unsqueeze(0)), kKept).detach().requires_grad_();
    const auto mapped = network->head().forward(features, kKept);
    const int64_t side = face.size(0);
    return MappedFace{as_picture(mapped.map.detach(), side), {}, activation(features, mapped.logits, side)};
  };
}

MapFace by_localizer(const models::Set& set, torch::Device device) {
  const auto network = set.get<models::LocalizerImpl>("localizer");
  return [network, pixels = Normaliser("imagenet", 1, device)](const torch::Tensor& face) {
    const torch::AutoGradMode recording(true);
    const auto picture = pixels.planes(face.unsqueeze(0));
    auto features = network->features(picture, kKept);
    if (features.defined()) { features = features.detach().requires_grad_(); }
    if (!features.defined()) { picture.requires_grad_(); }
    const auto found = network->forward(picture, features, network->adapted(), kKept, {});
    const int64_t side = face.size(0);
    // Without mapping the encoder's features are the last that the classifier sees.
    MappedFace seen{{}, {}, activation(features.defined() ? features : found.encoded, found.logits, side)};
    if (found.map.defined()) { seen.map = as_picture(found.map.detach(), side); }
    if (found.mask.defined()) { seen.mask = found.mask.detach()[0][0]; }
    return seen;
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
