#pragma once

#include <memory>

#include "distributed/communicator.h"

namespace realface::distributed {

/// A group of one rank, for tensors on any device: sums are what they were, gathers are copies. Needs no MPI.
std::unique_ptr<Communicator> make_self_communicator();

}  // namespace realface::distributed
