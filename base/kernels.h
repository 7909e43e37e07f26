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

/// How libtorch computes on GPUs.
struct GpuMath {
  bool tf32 = false;           // products and convolutions of fp32 keep 10 bits of their factors' mantissas
  bool deterministic = false;  // sums in one order if libtorch has such a kernel; if it has none, it warns each time
};

/// For a process that computes on a GPU, before its first product there. Convolutions are timed once a shape
/// (cudnn.benchmark), unless they are to be deterministic; attention then is by plain products, since the backward
/// passes of its other kernels add in any order. It is never cuDNN's, which plans anew for every shape (23 to 37 ms)
/// and whose backward can give NaN with a mask (pytorch/pytorch#196678). Sets CUBLAS_WORKSPACE_CONFIG, unless it is set
/// already: cuBLAS needs it to add in one order.
void set_gpu_math(GpuMath math);

}  // namespace realface
