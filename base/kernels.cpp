#include "base/kernels.h"

#include <ATen/Context.h>

#include <atomic>
#include <cstdlib>

namespace realface {
namespace {

std::atomic<Kernels> chosen = Kernels::automatic;

}  // namespace

void set_kernels(Kernels kernels) { chosen = kernels; }
Kernels chosen_kernels() { return chosen; }

void set_gpu_math(GpuMath math) {
  auto& context = at::globalContext();
  context.setAllowTF32CuBLAS(math.tf32);
  context.setAllowTF32CuDNN(math.tf32);
  context.setBenchmarkCuDNN(!math.deterministic);
  context.setDeterministicCuDNN(math.deterministic);
  context.setDeterministicAlgorithms(math.deterministic, /*warn_only=*/true);
  context.setDeterministicFillUninitializedMemory(false);
  context.setSDPUseFlash(!math.deterministic);
  context.setSDPUseMemEfficient(!math.deterministic);
  context.setSDPUseCuDNN(false);
  if (math.deterministic) { setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0); }
}

}  // namespace realface
