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

/// How libtorch computes on GPUs, for the process. `tf32`: products and convolutions of fp32 keep 10 bits of their
/// factors' mantissas, several times as fast (`world.tf32`). Convolutions are timed once a shape (cudnn.benchmark).
/// Attention is never cuDNN's: it plans anew for every shape (23 to 37 ms), and gives NaN with masks
/// (pytorch/pytorch#196678). Without GPUs of no effect.
void set_gpu_math(bool tf32);

}  // namespace realface
