#include "distributed/joining/backend.h"

#include "base/error.h"

namespace realface::distributed {

Backend backend_of(int ranks, bool on_gpus, const std::string& nccl) {
  if (nccl == "always" && !on_gpus) {
    throw ConfigError(
        "[world] world.nccl is always, but this run computes on the CPU; use world.device=cuda on a "
        "machine with a GPU, or world.nccl=auto");
  }
  if (on_gpus && (ranks > 1 || nccl == "always")) { return Backend::nccl; }
  return ranks > 1 ? Backend::mpi : Backend::self;
}

}  // namespace realface::distributed
