#include "distributed/mpi/calls.h"

#include <array>
#include <cstdlib>
#include <exception>
#include <utility>

#include "distributed/communicator.h"

namespace realface::distributed {
namespace {

int world_rank() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

}  // namespace

std::string mpi_reason(int code) {
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  if (MPI_Error_string(code, text.data(), &length) != MPI_SUCCESS) { return "MPI error " + std::to_string(code); }
  return {text.data(), static_cast<size_t>(length)};
}

void check_mpi(int code, const std::string& what) {
  if (code == MPI_SUCCESS) { return; }
  throw CommunicatorError("[mpi] " + whereabouts(world_rank()) + ": " + what + " failed: " + mpi_reason(code) +
                          "; see whether another rank or its node ended");
}

void abort_world(int exit_code) {
  MPI_Abort(MPI_COMM_WORLD, exit_code);
  // MPI_Abort may return where the launcher cannot be reached; nothing that runs destructors may follow it.
  std::_Exit(exit_code);
}

MpiGroup::MpiGroup(MPI_Comm parent) {
  check_mpi(MPI_Comm_dup(parent, &comm_), "MPI_Comm_dup");
  describe();
}

MpiGroup MpiGroup::of_node(MPI_Comm parent) {
  MpiGroup group;
  check_mpi(MPI_Comm_split_type(parent, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &group.comm_), "MPI_Comm_split_type");
  group.describe();
  return group;
}

MpiGroup::MpiGroup(MpiGroup&& other) noexcept
    : comm_(std::exchange(other.comm_, MPI_COMM_NULL)), rank_(other.rank_), size_(other.size_) {}

MpiGroup::~MpiGroup() {
  int finalized = 0;
  MPI_Finalized(&finalized);
  if (comm_ != MPI_COMM_NULL && finalized == 0 && std::uncaught_exceptions() == 0) { MPI_Comm_free(&comm_); }
}

void MpiGroup::describe() {
  check_mpi(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  check_mpi(MPI_Comm_rank(comm_, &rank_), "MPI_Comm_rank");
  check_mpi(MPI_Comm_size(comm_, &size_), "MPI_Comm_size");
}

}  // namespace realface::distributed
