#pragma once

#include "distributed/world.h"

namespace realface::testing {

/// The one World of a test program that was started by mpirun, on the CPU with one thread a rank; made by
/// tests/mpi_main.cpp. A test is collective: every rank runs the same tests in the same order.
distributed::World& mpi_world();

}  // namespace realface::testing
