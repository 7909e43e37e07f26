#pragma once

#include <torch/types.h>
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
  torch::Tensor skipped;    // f32 [2]: updates skipped for gradients not finite, in a row until now and in all
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
  /// After the last step: gathers scores, seals files. Collective.
  virtual void finish() {}
  virtual std::vector<Part*> parts() = 0;
};

}  // namespace realface::stages
