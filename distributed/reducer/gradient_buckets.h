#pragma once

#include <torch/types.h>
#include <cstdint>
#include <string>
#include <vector>

#include "distributed/communicator.h"
#include "distributed/reducer/gradient_reducer.h"

namespace realface::distributed {

/// A parameter and the place of its gradient.
struct ReducedParameter {
  std::string name;
  torch::Tensor tensor;
  torch::Tensor gradient;  // view of the bucket, in the parameter's own shape and strides
  size_t bucket = 0;
};

/// One flat buffer. Behind the gradients lies one number for each parameter of the reducer, in the last bucket only:
/// the ranks that used it, so that the news travels with the gradients.
struct GradientBucket {
  torch::Tensor buffer;   // what is reduced
  torch::Tensor flat;     // its gradients
  torch::Tensor used_by;  // its tail; undefined but in the last bucket
  std::vector<size_t> parameters;
};

/// The type of a parameter's gradient: fp64 for fp64, else fp32.
torch::Dtype gradient_dtype(const torch::Tensor& parameter);

/// Groups of parameter indices, filled in the given order up to the configured sizes, one type and device a group.
std::vector<std::vector<size_t>> group_parameters(const std::vector<ReducedParameter>& parameters,
                                                  const std::vector<size_t>& order, const ReducerConfig& config);

/// The groups of a saved layout. Throws Error where its names are not exactly the parameters', each once, or where it
/// mixes types.
std::vector<std::vector<size_t>> groups_of_layout(const std::vector<ReducedParameter>& parameters,
                                                  const BucketLayout& layout);

/// Makes the buffers and moves every parameter's gradient into its place there, with its value. Collective.
std::vector<GradientBucket> build_buckets(std::vector<ReducedParameter>& parameters,
                                          const std::vector<std::vector<size_t>>& groups, Communicator& group);

}  // namespace realface::distributed
