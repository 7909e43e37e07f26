#pragma once

#include <torch/types.h>
#include <cstdint>
#include <functional>
#include <vector>

#include "data/batch.h"
#include "stages/training/trainer.h"

namespace realface::stages {

/// One update of a network that tells fake from real. The loss is the mean cross-entropy over the samples of all ranks
/// and micro-batches; the report names the share that was put on the right side before the update, "accuracy".
/// logits: of a micro-batch, [B, 2]. samples: of the update. Collective.
StepReport train_classifier(Trainer& trainer, const std::vector<data::Batch>& batches, int64_t samples,
                            const std::function<torch::Tensor(const data::Batch&)>& logits);

}  // namespace realface::stages
