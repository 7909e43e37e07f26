#pragma once

#include <torch/types.h>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data/faces/masks.h"
#include "data/streams.h"
#include "distributed/reducer/gradient_reducer.h"
#include "distributed/world.h"
#include "models/mae/mae.h"
#include "models/set.h"
#include "stages/run.h"
#include "stages/stage.h"
#include "stages/training/optimizer.h"
#include "stages/training/pixels.h"
#include "stages/training/schedule.h"

namespace realface::stages {

/// What every training recipe says.
struct TrainConfig {
  int64_t steps = 0;           // updates; 0: from epochs
  double epochs = 300;         // over the training faces (G16); without effect where steps is given
  int64_t batch = 256;         // samples an update, over all ranks and micro-batches
  int64_t accumulate = 1;      // micro-batches an update, on each rank: more of them need less memory
  std::string dtype = "fp32";  // fp32 | bf16: parameters of forward and backward; masters and gradients stay fp32
  bool flip = true;            // mirror half of the faces, landmarks too (G18)
  double clip = 0;             // largest norm of the gradient; 0: no clipping
  int64_t bucket_mb = 25;      // size of a gradient bucket: reduction starts when one is full
  OptimizerConfig optimizer;
  ScheduleConfig schedule;
  LoopConfig loop;
};

struct PretrainConfig {
  uint64_t seed = 0;
  std::string pixels = "imagenet";  // imagenet: (x/255 - mean) / deviation; unit: x/255, for RFFR (F3)
  std::string init;                 // a safetensors file of weights to begin with (G17); empty: none
  models::MaeConfig model;
  data::MaskConfig mask;
  TrainConfig train;
};

/// Pretraining of the image masked autoencoder "mae" of the set on the stream "faces" (MAE, DeepfakeMAE, RFFR's and
/// LRE's first stage: they differ in masks, pixels and optimizer).
///
/// The loss of an update is the squared error summed over all masked patches of all ranks and micro-batches, divided by
/// their number (G8): the same as one big batch. With bf16 the forward and backward run on a bf16 copy of the network,
/// gradients are fp32, and the network of the set stays the fp32 master that is saved and exported. Updates whose
/// gradient is not finite are skipped on the device. A step never waits for the device.
class Pretrain final : public Stage {
 public:
  static constexpr const char* kStream = "faces";

  /// Holds the set's network and the world's group, which outlive it. steps_per_epoch: of the stream; may be 0 where
  /// config.train.steps is given. Collective.
  Pretrain(const PretrainConfig& config, models::Set& set, distributed::World& world, int64_t steps_per_epoch);
  ~Pretrain() override;

  std::string name() const override { return "pretrain"; }
  int64_t steps() const override { return steps_; }
  int64_t position() const override;
  StepReport step(const data::Step& step) override;
  std::vector<Part*> parts() override;

 private:
  class Progress;

  torch::Tensor micro_step(const data::Batch& batch, double loss_scale);
  StepReport update(torch::Tensor loss);
  void refresh_copy();

  PretrainConfig config_;
  int64_t steps_;
  Schedule schedule_;
  Normaliser pixels_;
  std::shared_ptr<models::MaeImpl> master_;   // of the set, fp32
  std::shared_ptr<models::MaeImpl> network_;  // computes: the master, or its bf16 copy
  torch::ScalarType dtype_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<distributed::GradientReducer> reducer_;
  std::unique_ptr<Progress> progress_;
};

}  // namespace realface::stages
