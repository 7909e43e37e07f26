#pragma once

#include <torch/types.h>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/state.h"
#include "data/batch.h"

namespace realface::stages {

/// What a step leaves behind for the log. Tensors are scalars on the device: reading them waits for the device, so only
/// logging steps do.
struct StepReport {
  torch::Tensor loss;       // this rank's share: the sum over ranks is the mean over the global batch; or undefined
  torch::Tensor grad_norm;  // after reduction, before clipping: equal on all ranks; undefined where nothing is trained
  torch::Tensor skipped_in_a_row;  // f32 scalars: updates skipped because the gradient was not finite, in a row until
  torch::Tensor skipped_in_all;    // now and in all; undefined if nothing is trained
  std::map<std::string, torch::Tensor> values;  // more to log by name, for example "L_mse": shares, as the loss is
  double learning_rate = 0;
  int64_t samples = 0;  // over all ranks
};

/// A trainer, evaluator or writer, run by the one loop in run.h. It owns loss, optimizer, schedule and gradient
/// reducer; never a loop of its own. Used from the main thread.
class Stage {
 public:
  virtual ~Stage() = default;
  virtual std::string name() const = 0;
  virtual int64_t steps() const = 0;     // when it ends; a stage that reads a stream once may say INT64_MAX
  virtual int64_t position() const = 0;  // updates done, restored by a resume
  /// One update, from all of its micro-batches. Collective.
  virtual StepReport step(const data::Step& step) = 0;
  /// Scores what was learned until now, every run.eval_every updates, by a nested run() over streams of its own: values
  /// by name, the same on all ranks. Nothing if the stage has no evaluation or a signal ended it. Collective.
  virtual std::map<std::string, double> evaluate() { return {}; }
  /// After the last step and before the last checkpoint: gathers scores, seals files. A checkpoint of step steps() thus
  /// means that it was done, and a resume from one does not do it again; what a stage gathers over a stream without a
  /// known end is in its parts. Collective.
  virtual void finish() {}
  virtual std::vector<Part*> parts() = 0;
};

}  // namespace realface::stages
