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

/// Sets this up for the whole process; call it before the first product on a GPU. Convolutions are timed once a shape
/// (cudnn.benchmark) unless they must be deterministic. Deterministic attention uses plain products, because the
/// backward passes of the fused kernels add in no fixed order. cuDNN's attention is never used: it plans for 23 to 37
/// ms whenever a shape is new, and its backward pass can give NaN with a mask (pytorch/pytorch#196678). cuBLAS adds in
/// one order only if CUBLAS_WORKSPACE_CONFIG is set, so this sets it, unless it is set already.
void set_gpu_math(GpuMath math);

}  // namespace realface
