#pragma once

#include <torch/types.h>
#include <string>

#include "distributed/communicator.h"

namespace realface::distributed {

/// What one rank tells of itself.
struct RankFacts {
  std::string host;
  torch::Device device = torch::kCPU;
  int threads = 1, cores = 1, local_size = 1;
};

/// See World::banner. `mpi_library` with its version. Collective; host group.
std::string banner_of(Communicator& host_group, const RankFacts& mine, const std::string& mpi_library);

}  // namespace realface::distributed
