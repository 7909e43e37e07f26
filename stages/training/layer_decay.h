#pragma once

#include "stages/training/optimizer.h"

namespace realface::stages {

/// The rule of facebookresearch/mae's fine-tuning: the embedding is layer 0, block i layer i + 1, what follows layer
/// depth + 1; a layer learns at decay^(depth + 1 - layer) of the rate. Not decayed are parameters of one dimension, the
/// class token and the position table.
Optimizer::Rule vit_rule(int64_t depth, double decay);

}  // namespace realface::stages
