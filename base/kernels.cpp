#include "base/kernels.h"

#include <ATen/Context.h>

#include <atomic>

namespace realface {
namespace {

std::atomic<Kernels> chosen = Kernels::automatic;

}  // namespace

void set_kernels(Kernels kernels) { chosen = kernels; }
Kernels chosen_kernels() { return chosen; }

void set_gpu_math(bool tf32) {
  auto& context = at::globalContext();
  context.setAllowTF32CuBLAS(tf32);
  context.setAllowTF32CuDNN(tf32);
  context.setBenchmarkCuDNN(true);
  context.setSDPUseCuDNN(false);
}

}  // namespace realface
