#pragma once

#include <functional>
#include <string>
#include <vector>

/// What `realface bench kernels` measures.
namespace realface::launcher {

/// Two ways to compute one thing, and the way that `world.kernels: auto` takes, if there is such a choice.
struct KernelRow {
  std::string what, dtype, shape;
  double gflop = 0;  // of the products alone; 0: not said
  std::function<void()> libtorch, alternative, automatic;
};

/// Every kernel that models/layers/kernels.h chooses, in the shapes of the compared model, and the convolutions of the
/// networks to come in both memory formats. The works of a row call set_kernels. Holds about 300 MB.
std::vector<KernelRow> kernel_rows();

}  // namespace realface::launcher
