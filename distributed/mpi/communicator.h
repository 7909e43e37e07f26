#pragma once

#include <cstdint>
#include <memory>

#include "distributed/communicator.h"
#include "distributed/watchdog/collective_log.h"

namespace realface::distributed {

struct MpiCommunicatorConfig {
  int64_t chunk_elements =
      int64_t{1} << 30;     // in one MPI call, whose counts are ints; tests reach it with little memory
  bool node_memory = true;  // sum allocate()d tensors in memory shared by the node, where all ranks are on one
};

/// All ranks of MPI_COMM_WORLD, for host tensors. A communication thread makes the MPI calls on a communicator of its
/// own: nonblocking collectives, polled with sleeps of 50 microseconds between, since a blocking one would spin on
/// a core that computes. MPI has no bf16 or half: their sums run in fp32 and are rounded once. Collective; needs
/// MPI_THREAD_MULTIPLE. `log` may be null.
std::unique_ptr<Communicator> make_mpi_communicator(const MpiCommunicatorConfig& config = {},
                                                    std::shared_ptr<CollectiveLog> log = nullptr);

}  // namespace realface::distributed
