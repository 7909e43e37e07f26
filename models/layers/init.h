#pragma once

#include <torch/types.h>
#include <string>

/// Initial values, drawn from a counter RNG keyed by (seed, hash of the parameter's name, row): the same whatever the
/// order of construction, the number of threads, the rank or the machine. All fill an fp32 CPU tensor in place.
namespace realface::models {

/// U(-bound, bound).
void init_uniform(torch::Tensor parameter, double bound, uint64_t seed, const std::string& name);

/// N(0, deviation).
void init_normal(torch::Tensor parameter, double deviation, uint64_t seed, const std::string& name);

/// N(0, deviation), drawn again until it lies in [-bound, bound].
void init_truncated_normal(torch::Tensor parameter, double deviation, double bound, uint64_t seed,
                           const std::string& name);

/// Xavier-uniform of the [size(0), rest] matrix (Glorot and Bengio, AISTATS 2010): bound sqrt(6 / (in + out)).
void init_xavier(torch::Tensor parameter, uint64_t seed, const std::string& name);

}  // namespace realface::models
