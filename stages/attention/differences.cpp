#include "stages/attention/differences.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>

#include "base/error.h"
#include "models/layers/tokens.h"
#include "models/mae/description.h"
#include "stages/training/restorer.h"

namespace realface::stages {
namespace {

std::shared_ptr<models::XceptionImpl> extracting_network(const models::Set& set, const models::LreConfig& config) {
  const auto network = set.get<models::XceptionImpl>("extractor");
  const auto& own = network->config();
  if (own.size != config.xception.size || own.image != config.xception.image) {
    throw Error(
        fmt::format("[weights.extractor] {} is an Xception of size '{}' for {} pixels; the detector's is '{}' "
                    "for {}",
                    set.entry("extractor").source, own.size, own.image, config.xception.size, config.xception.image));
  }
  network->eval();
  return network;
}

}  // namespace

Differences::Differences(const models::Set& set, const models::LreConfig& config, torch::Device device)
    : network_(restorer_of(set, {.by = "local reconstruction errors", .image = config.xception.image})),
      extractor_(extracting_network(set, config)),
      blocks_(config.blocks()),
      seen_(models::mae_description(set.entry("mae").description).pixels, patch(), device),
      unit_("unit", patch(), device),
      half_("half", 1, device) {
  const auto grid = config.xception.image / patch();
  visible_ = grid * grid - data::fixed_mask_count(mask_of(config), grid);
}

torch::Tensor Differences::restored(const torch::Tensor& images, const torch::Tensor& masks) const {
  const auto tokens = models::visible_tokens(masks, visible_, /*fixed=*/true);
  const auto predicted = seen_.unit(network_->forward(seen_.patches(images), tokens)).clamp(0, 1);  // [B, M, V]
  const auto places = tokens.masked.unsqueeze(-1).expand_as(predicted);
  return models::unpatchify(unit_.patches(images).scatter(1, places, predicted), patch());
}

Differing Differences::of(const torch::Tensor& images, const torch::Tensor& masks) const {
  const torch::NoGradGuard no_grad;
  Differing found{half_.planes(images), restored(images, masks), {}};
  const auto restored_planes = found.restored.mul(2).sub(1).permute({0, 3, 1, 2});
  found.maps = models::difference_maps(*extractor_, blocks_, found.faces, restored_planes);
  return found;
}

torch::Tensor enlarged(const torch::Tensor& maps, int64_t side) {
  const auto large = at::upsample_bilinear2d(maps, {side, side}, /*align_corners=*/false).squeeze(1);
  return large / large.amax({1, 2}, /*keepdim=*/true).clamp_min(1e-12);
}

data::MaskConfig mask_of(const models::LreConfig& config) {
  return {.kind = config.mask, .ratio = config.ratio, .key_share = config.key_share};
}

torch::Tensor two_logits(const torch::Tensor& logit) { return at::stack({at::zeros_like(logit), logit}, 1); }

}  // namespace realface::stages
