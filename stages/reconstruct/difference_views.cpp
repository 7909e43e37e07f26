#include "stages/reconstruct/difference_views.h"

#include <ATen/ops/upsample_bilinear2d.h>

#include "models/lre/lre.h"
#include "stages/attention/differences.h"

namespace realface::stages {

ViewDifferences difference_views(const models::Set& set, torch::Device device) {
  if (!set.entries().contains("lre")) { return {}; }
  const auto network = set.get<models::LreImpl>("lre");
  const Differences differences(set, network->lre(), device);
  return [differences](const torch::Tensor& face, const torch::Tensor& mask) {
    std::vector<torch::Tensor> views;
    for (const auto& map : differences.of(face.unsqueeze(0), mask.unsqueeze(0)).maps) {
      const auto large = at::upsample_bilinear2d(map, {face.size(0), face.size(1)}, /*align_corners=*/false)[0][0];
      views.push_back(large / large.max().clamp_min(1e-12));
    }
    return views;
  };
}

}  // namespace realface::stages
