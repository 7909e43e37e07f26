#include "base/kernels.h"

#include <atomic>

namespace realface {
namespace {

std::atomic<Kernels> chosen = Kernels::automatic;

}  // namespace

void set_kernels(Kernels kernels) { chosen = kernels; }
Kernels chosen_kernels() { return chosen; }

}  // namespace realface
