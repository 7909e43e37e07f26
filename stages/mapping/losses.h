#pragma once

#include <torch/types.h>
#include <map>
#include <vector>

#include "models/mapping_net/mapping_net.h"
#include "stages/episodes/domains.h"
#include "stages/mapping/recipe.h"

namespace realface::stages {

/// Some faces with what is to be learned of them.
struct Faces {
  torch::Tensor pictures;  // normalised [B, 3, H, W]
  torch::Tensor targets;   // [B, 3, h, w]; undefined for a reference set
  torch::Tensor labels;    // i64 [B]
};

/// Of one episode; scalars on the device.
struct MappingLosses {
  torch::Tensor total;     // cls * L_cls + mse * L_mse, to be differentiated
  torch::Tensor cls, mse;  // the parts, detached
  torch::Tensor right;     // share of the meta-test's own faces (of all, without episodes) on the right side
  double k = 0;            // mean chosen inner step
};

/// Sums over the meta-train domains of an episode of the losses on their own faces and on the meta-test's (D11, D12).
/// faces: by domain, and after them the fresh ones if there is a single domain. references: by domain, or empty.
/// The network's batch statistics are noted as D10 says.
MappingLosses episode_losses(models::MappingNetImpl& network, const MappingStageConfig& config,
                             const DomainSplit& split, const std::vector<Faces>& faces,
                             const std::map<int64_t, Faces>& references);

/// The mean losses over all faces in one batch, for plain gradient descent.
MappingLosses plain_losses(models::MappingNetImpl& network, const MappingStageConfig& config,
                           const std::vector<Faces>& faces);

}  // namespace realface::stages
