#pragma once

#include <torch/types.h>
#include <map>
#include <vector>

#include "stages/episodes/domains.h"
#include "stages/episodes/learner.h"

namespace realface::stages {

/// Weights of the parts of the loss (D8, L6).
struct LossWeights {
  double cls = 1, mse = 1, loc = 1;
};

/// Of one episode; scalars on the device.
struct EpisodeLosses {
  torch::Tensor total;          // the weighted sum, to be differentiated
  torch::Tensor cls, mse, loc;  // the parts, detached; undefined what the network does not say
  torch::Tensor right;          // share of the meta-test's own faces (of all, without episodes) on the right side
  double k = 0;                 // mean chosen inner step
};

/// Sums over the meta-train domains of an episode of the losses on their own faces and on the meta-test's (D11, D12).
/// faces: by domain, and after them the fresh ones if there is a single domain. references: by domain, or empty.
/// The network's batch statistics are noted as D10 says.
EpisodeLosses episode_losses(Learner& learner, const MetaConfig& meta, const LossWeights& weights,
                             const DomainSplit& split, std::vector<Faces> faces, std::map<int64_t, Faces> references);

/// The mean losses over all faces in one batch, for plain gradient descent.
EpisodeLosses plain_losses(Learner& learner, const LossWeights& weights, const std::vector<Faces>& faces);

}  // namespace realface::stages
