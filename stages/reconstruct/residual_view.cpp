#include "stages/reconstruct/residual_view.h"

#include "models/layers/tokens.h"
#include "stages/residual/stage.h"

namespace realface::stages {

ViewResidual residual_view(const models::Set& set, torch::Device device) {
  if (!set.entries().contains("rffr")) { return {}; }
  const auto config = set.get<models::RffrImpl>("rffr")->config();
  if (!config.has_residual()) { return {}; }
  const ResidualView view(config, residual_network(set, config), device);
  return [view, config](const torch::Tensor& face) {
    const auto residuals = view.residuals(face.unsqueeze(0), view.all_blocks());
    const auto picture = models::unpatchify(residuals, config.vit.patch)[0];
    return ((picture + 1) * 127.5).round().to(torch::kUInt8);
  };
}

}  // namespace realface::stages
