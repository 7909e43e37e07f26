#pragma once

#include <torch/types.h>
#include <cstdint>
#include <functional>
#include <vector>

/// The inner loop of meta-learning (Finn et al., "Model-agnostic meta-learning", ICML 2017) with the choice of a step
/// that the papers take from Jia et al. (docs/decisions.md, D10).
namespace realface::stages {

struct InnerConfig {
  int64_t steps = 5;         // K; 0: nothing is adapted
  double rate = 1e-4;        // of plain gradient descent
  bool second_order = true;  // the outer gradient goes through the steps; false: gradients count as constants
};

using Parameters = std::vector<torch::Tensor>;

/// A loss of a batch as a function of the parameters that are adapted; `step` counts from 1.
using InnerLoss = std::function<torch::Tensor(const Parameters&, int64_t step)>;
/// How well parameters do on the reference set, f32 [] on the device; asked without gradients after each step. Empty:
/// the last step is taken.
using ReferenceScore = std::function<torch::Tensor(const Parameters&)>;

struct Adapted {
  Parameters parameters;  // after the chosen step: functions of those at the start
  int64_t step = 0;       // the chosen one, 1..K; 0 without steps
};

/// K steps from `start`, theta_k = theta_{k-1} - rate * gradient. The step with the best score is chosen, of equal ones
/// the later. Reading the scores waits for the device, once.
Adapted adapt(const InnerConfig& config, const Parameters& start, const InnerLoss& loss, const ReferenceScore& score);

}  // namespace realface::stages
