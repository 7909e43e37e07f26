#pragma once

namespace realface {

/// Which kernels the layers compute with on the CPU (`world.kernels`). One choice a process, as the number of threads
/// is; set it before anything computes.
enum class Kernels {
  automatic,    // the fastest for processor, type and shape
  libtorch,     // what libtorch calls by itself
  alternative,  // the other one of every pair, even if it is slower here: for tests and `realface bench kernels`
};

void set_kernels(Kernels kernels);
Kernels chosen_kernels();

}  // namespace realface
