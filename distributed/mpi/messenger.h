#pragma once

#include <memory>

#include "distributed/watchdog/messenger.h"

namespace realface::distributed {

/// Between all ranks of MPI_COMM_WORLD, on a communicator of its own; end_run() is MPI_Abort. Construction is
/// collective; needs MPI_THREAD_MULTIPLE.
std::unique_ptr<Messenger> make_mpi_messenger();

}  // namespace realface::distributed
