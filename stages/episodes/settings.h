#pragma once

#include <string>

#include "base/settings.h"
#include "data/streams.h"
#include "distributed/communicator.h"
#include "models/set.h"
#include "stages/episodes/domains.h"
#include "stages/episodes/losses.h"
#include "stages/training/train_config.h"

namespace realface::stages {

/// What the recipes of stages that learn by episodes share.
struct EpisodeSettings {
  EpisodeSettings();  // SGD and its schedule: D13, G16

  std::string recovered;  // weights.recovered: the run of a `stage: composite`, whose faces are the targets
  std::string trunk;  // weights.trunk: a file of ResNet-18's weights to begin with, torchvision's names; empty: none
  std::string mae;    // weights.mae: the autoencoder that the targets must have been restored by; empty: any
  MetaConfig meta;
  LossWeights weights;
  TrainConfig train;  // its batch follows from `meta`
};

/// The groups `meta`, `loss` and `train`. locates: `loss` has a part `loc`.
void fields(Visitor& visitor, EpisodeSettings& settings, bool locates);
/// maps: there must be targets.
void check(const EpisodeSettings& settings, bool maps, Checker& checker);

/// What all streams of the episodes' faces, of pictures of `image`, have in common.
data::StreamNeeds faces_needed(const EpisodeSettings& settings, int64_t image, uint64_t seed);

/// Throws DataError if the targets were restored by other weights than those of `mae`. Collective.
void require_current_targets(const EpisodeSettings& settings, distributed::Communicator& host);

/// Gives the network the licences of the weights that restored its targets, if it has any. Throws DataError if these
/// are not sealed. Collective.
void take_licences_of_targets(const EpisodeSettings& settings, models::Set& models, const std::string& network,
                              distributed::Communicator& host);

}  // namespace realface::stages
