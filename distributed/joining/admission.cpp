#include "distributed/joining/admission.h"

#include <array>
#include <cstdlib>
#include <map>

#include "base/error.h"

namespace realface::distributed {

void check_promised_tasks(int size, const std::function<const char*(const char*)>& environment) {
  if (size > 1) { return; }
  // The innermost promise counts: a step of one task within an allocation of many is meant to be alone.
  constexpr std::array<const char*, 4> kPromises = {"OMPI_COMM_WORLD_SIZE", "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS",
                                                    "SLURM_NPROCS"};
  for (const char* name : kPromises) {
    const char* value = environment(name);
    if (value == nullptr) { continue; }
    const int promised = std::atoi(value);
    if (promised <= 1) { return; }
    throw ConfigError("[world] this process is rank 0 of 1, but " + std::string(name) + " promises " +
                      std::to_string(promised) +
                      " tasks, and each would train alone; start with `srun --mpi=pmix` or `mpirun`, or unset " + name +
                      " to run one process on purpose");
  }
}

void check_devices(const std::vector<RankDevice>& devices) {
  std::map<std::string, size_t> users;
  for (size_t rank = 0; rank < devices.size(); ++rank) {
    const auto& [host, uuid] = devices[rank];
    if (uuid.empty() != devices[0].uuid.empty()) {
      throw ConfigError("[world] rank 0 (" + devices[0].host + ") and rank " + std::to_string(rank) + " (" + host +
                        ") differ: one has a GPU, the other has none; give every rank one, or set world.device=cpu");
    }
    if (uuid.empty()) { continue; }
    const auto [other, fresh] = users.emplace(host + " " + uuid, rank);
    if (!fresh) {
      throw ConfigError("[world] ranks " + std::to_string(other->second) + " and " + std::to_string(rank) +
                        " are both on GPU " + uuid + " of " + host +
                        "; start one rank a GPU (mpirun --map-by ppr:GPUS:node, srun --gpus-per-task=1)");
    }
  }
}

}  // namespace realface::distributed
