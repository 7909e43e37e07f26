#pragma once

#include <torch/types.h>
#include <map>
#include <string>
#include <vector>

#include "models/mapping_net/mapping_net.h"
#include "stages/mapping/losses.h"
#include "stages/mapping/recipe.h"
#include "stages/training/pixels.h"
#include "stages/training/trainer_stage.h"

namespace realface::stages {

/// Training of the mapping network "mapping" (DeepfakeMAE 3.3, Recap's mapping stage) by episodes: on each domain of a
/// meta-train the head takes K steps of gradient descent on the classification loss; the losses of the adapted heads
/// on their own domain and on the meta-test are summed, and their gradient, through those steps, updates trunk and head
/// (D9 to D13). With `meta.mode=none`, plain gradient descent on the union of the domains.
///
/// The loss of an update is the mean over its episodes, of all ranks and micro-batches. Reports name its parts "L_cls"
/// and "L_mse", the mean chosen inner step "k", and the "accuracy" on the domains of the meta-test.
class Mapping final : public TrainerStage {
 public:
  /// What `walk` refers to outlives the stage. Collective.
  Mapping(const MappingStageConfig& config, const Walk& walk);

  std::string name() const override { return "mapping"; }
  StepReport step(const data::Step& step) override;

 private:
  /// Faces of an episode by domain, then the fresh ones of a single domain.
  std::vector<Faces> faces_of(const data::Step& step, size_t micro, int64_t episode);
  MappingLosses losses_of(const data::Step& step, size_t micro, int64_t episode);
  torch::ScalarType dtype();  // of the network
  void read_references(const data::Step& step);
  int64_t episodes_in(const data::Step& step, size_t micro) const;  // a micro-batch of this rank

  MappingStageConfig config_;
  distributed::World& world_;
  uint64_t seed_;
  Normaliser pixels_;
  std::map<int64_t, Faces> references_;  // by domain; pictures only
};

}  // namespace realface::stages
