#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/settings.h"
#include "data/faces/augment.h"
#include "stages/training/optimizer.h"
#include "stages/training/schedule.h"

namespace realface::stages {

/// What every recipe that trains says in its group `train`.
struct TrainConfig {
  int64_t steps = 0;           // updates; 0: from epochs
  double epochs = 300;         // over the training faces (G16); without effect if steps is given
  int64_t batch = 256;         // samples an update, over all ranks and micro-batches
  int64_t accumulate = 1;      // micro-batches an update, on each rank: more of them need less memory
  std::string dtype = "fp32";  // fp32 | bf16: parameters of forward and backward; masters and gradients stay fp32
  bool flip = true;            // mirror half of the faces, landmarks too (G18)
  double crop = 1;         // least share of a face's area that a random crop of it keeps, landmarks too (G18); 1: none
  int64_t shift = 0;       // most pixels by which a face moves in each direction, landmarks too
  double clip = 0;         // largest norm of the gradient; 0: no clipping
  int64_t bucket_mb = 25;  // size of a gradient bucket: reduction starts when one is full
  OptimizerConfig optimizer;
  ScheduleConfig schedule;
};

/// 32 faces an update by Adam at a constant rate, without decay: how RFFR (F7) and LRE (E9) train their detectors.
TrainConfig constant_adam(int64_t steps, double rate);

/// Describes the keys inside the group, which the caller has entered. with_batch: false for a stage whose batch follows
/// from keys of its own.
void fields(Visitor& visitor, TrainConfig& config, bool with_batch = true);
void check(const TrainConfig& config, Checker& checker);
nlohmann::json length(const TrainConfig& config);

/// What happens to a training face before the network sees it.
data::AugmentConfig augmentation(const TrainConfig& config);

/// Updates of a run. steps_per_epoch: 0 if unknown. Throws ConfigError if the number cannot be known or is beyond
/// reason.
int64_t step_count(const TrainConfig& config, int64_t steps_per_epoch);

}  // namespace realface::stages
