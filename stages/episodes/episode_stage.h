#pragma once

#include <torch/types.h>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stages/episodes/settings.h"
#include "stages/recipe.h"
#include "stages/training/pixels.h"
#include "stages/training/trainer_stage.h"

namespace realface::stages {

/// Training by episodes over manipulations: on each domain of a meta-train the network's adapted part takes K steps of
/// gradient descent on the classification loss; the losses of the adapted parts on their own domain and on the
/// meta-test are summed, and their gradient, through those steps, updates the network (D9 to D13). With
/// `meta.mode=none`, plain gradient descent on the union of the domains.
///
/// The loss of an update is the mean over its episodes, of all ranks and micro-batches. Reports name its parts "L_cls",
/// "L_mse" and "L_loc", the mean chosen inner step "k", the "accuracy" on the domains of the meta-test, and, with
/// truth, "unmasked": the mean number of fakes an episode whose true mask is unknown.
class EpisodeStage final : public TrainerStage {
 public:
  /// name: of the stage and of its network, which `learner` is. What `walk` refers to outlives the stage. Collective.
  EpisodeStage(const std::string& name, const EpisodeSettings& settings, std::unique_ptr<Learner> learner,
               const Walk& walk);

  std::string name() const override { return name_; }
  StepReport step(const data::Step& step) override;

 private:
  /// Faces of an episode by domain, then the fresh ones of a single domain.
  std::vector<Faces> faces_of(const data::Step& step, size_t micro, int64_t episode);
  EpisodeLosses losses_of(const data::Step& step, size_t micro, int64_t episode, std::vector<Faces> faces);
  torch::ScalarType dtype();  // of the network
  void read_references(const data::Step& step);
  int64_t episodes_in(const data::Step& step, size_t micro) const;  // a micro-batch of this rank

  std::string name_;
  EpisodeSettings config_;
  std::unique_ptr<Learner> learner_;
  distributed::World& world_;
  uint64_t seed_;
  Normaliser pixels_;
  std::map<int64_t, Faces> references_;  // by domain; pictures and labels only
};

}  // namespace realface::stages
