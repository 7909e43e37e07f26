#pragma once

#include <string>

namespace realface::distributed {

/// What sums gradients.
enum class Backend { self, mpi, nccl };

/// NCCL on GPUs and MPI on CPUs if there is more than one rank. `nccl`: "auto", or "always", with which a single rank
/// uses NCCL too, so that a machine of one GPU can test it. Throws ConfigError for "always" without a GPU. Pure.
Backend backend_of(int ranks, bool on_gpus, const std::string& nccl);

}  // namespace realface::distributed
