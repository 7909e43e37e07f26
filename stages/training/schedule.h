#pragma once

#include <cstdint>
#include <string>

namespace realface::stages {

/// How the learning rate moves. The papers' rates are per 256 samples of an update (G14), those of RFFR and LRE
/// absolute.
struct ScheduleConfig {
  std::string kind = "cosine";  // cosine: warm-up, then half a cosine down to lr_min; constant: warm-up, then flat
  double lr = 1.5e-4;           // for 256 samples an update: the rate is lr * batch / 256
  double lr_abs = 0;            // above 0: the rate itself; lr is not looked at
  double lr_min = 0;            // the rate at the end of the cosine
  double warmup = 0.05;         // share of all steps over which the rate grows from 0 (G16)
  double warmup_epochs = 40;    // the warm-up is never longer than this; 0: no limit
  int64_t warmup_start = 0;     // the first update's place in the warm-up: 0 (rate 0, facebookresearch/mae) or 1
                                // (RFFR's train.py, which moves its schedule on before the first update)
};

/// The learning rate of every update: a pure function of its number, so that a resume needs no state.
class Schedule {
 public:
  /// batch: samples of an update over all ranks. steps_per_epoch: 0 where unknown, then warmup_epochs has no effect.
  Schedule(const ScheduleConfig& config, int64_t steps, int64_t batch, int64_t steps_per_epoch);

  double at(int64_t step) const;  // step: 0-based number of the update
  double peak() const { return peak_; }
  double warmup_steps() const { return warmup_; }

 private:
  double peak_, lowest_, warmup_, steps_, start_;
  bool cosine_;
};

}  // namespace realface::stages
