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
  bool deterministic = false;  // sums in one order, where libtorch has such a kernel; it warns where it has not
};

/// For the process, before the first product on a GPU; of no effect without one. Convolutions are timed once a shape
/// (cudnn.benchmark), unless they are to be deterministic. Attention is never cuDNN's: it plans anew for every shape
/// (23 to 37 ms), and gives NaN with masks (pytorch/pytorch#196678). Sets CUBLAS_WORKSPACE_CONFIG, if it is not set,
/// which cuBLAS needs for one order of its sums.
void set_gpu_math(GpuMath math);

}  // namespace realface
