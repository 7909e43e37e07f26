#pragma once

#include <torch/types.h>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "distributed/reducer/gradient_reducer.h"
#include "distributed/world.h"
#include "models/set.h"
#include "stages/stage.h"
#include "stages/training/optimizer.h"
#include "stages/training/schedule.h"
#include "stages/training/train_config.h"

namespace realface::stages {

/// All that the stages that train have in common: the optimizer over every network that is not frozen, the schedule,
/// the reducer, the bf16 copies, clipping and the skipping of updates whose gradient is not finite. A stage adds its
/// loss:
///
///     trainer.begin();
///     for each micro-batch: trainer.backward(loss of trainer.working<M>("name"), is_last);
///     return trainer.end(sum of the losses, samples);
///
/// Gradients are summed over micro-batches and ranks, so each loss is divided by a count over all of them (G8). With
/// bf16, working() is a bf16 copy, gradients are fp32, and the set keeps the fp32 masters that are saved and exported.
/// A step never waits for the device. Running statistics of batch norms are averaged over ranks and micro-batches and
/// moved once an update (models/layers/batch_norm.h), so that they are equal on all ranks. Main thread; all calls are
/// collective.
class Trainer {
 public:
  /// Holds the set's networks and the world's group, which outlive it. steps_per_epoch: 0 if unknown. Throws
  /// ConfigError if the number of steps cannot be known.
  Trainer(const TrainConfig& config, models::Set& set, distributed::World& world, int64_t steps_per_epoch,
          const Optimizer::Rule& rule = Optimizer::mae_rule);
  ~Trainer();

  /// The network that computes: the one of the set, or its bf16 copy. Frozen networks are those of the set.
  template <class Module>
  Module& working(const std::string& network) {
    auto* module = dynamic_cast<Module*>(&working_module(network));
    if (module == nullptr) { throw_wrong_type(network); }
    return *module;
  }
  torch::ScalarType dtype() const { return dtype_; }
  int64_t steps() const { return steps_; }  // of the whole run
  int64_t position() const;                 // updates done

  /// Before the first backward of an update: refreshes copies that are stale, zeroes the gradients.
  void begin();
  /// last: of the update; gradients are then reduced while this pass runs.
  void backward(const torch::Tensor& loss, bool last);
  /// The update. loss: this rank's share, for the report. samples: over all ranks.
  StepReport end(torch::Tensor loss, int64_t samples);
  /// After the last update: throws Error, naming a weight, unless all weights are finite.
  void finish() const;

  std::vector<Part*> parts();

 private:
  class Progress;
  struct Network {
    std::shared_ptr<torch::nn::Module> master, working;
    bool frozen = false;
  };

  torch::nn::Module& working_module(const std::string& network);
  [[noreturn]] static void throw_wrong_type(const std::string& network);
  void add_networks(models::Set& set);
  std::vector<Optimizer::Named> trained(bool working) const;
  void refresh_copies();
  void move_statistics();

  TrainConfig config_;
  distributed::World& world_;
  int64_t steps_;
  Schedule schedule_;
  torch::ScalarType dtype_;
  std::map<std::string, Network> networks_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<distributed::GradientReducer> reducer_;
  std::unique_ptr<Progress> progress_;
};

}  // namespace realface::stages
