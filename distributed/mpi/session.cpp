#include "distributed/mpi/session.h"

#include <array>
#include <cstdlib>

#include "base/log.h"
#include "distributed/communicator.h"
#include "distributed/failure.h"
#include "distributed/joining/admission.h"
#include "distributed/mpi/calls.h"

namespace realface::distributed {
namespace {

bool launched() {
  constexpr std::array<const char*, 4> kSigns = {"PMIX_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK", "SLURM_PMI_FD"};
  for (const char* name : kSigns) {
    if (std::getenv(name) != nullptr) { return true; }
  }
  return false;
}

/// Settings of Open MPI, where the user has not chosen others.
void prefer_settings() {
  constexpr int kKeepTheUsers = 0;
  // Reading another process's memory is forbidden in most containers, and Open MPI then fails instead of copying.
  ::setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", kKeepTheUsers);
  // What blocks in MPI is set-up; it must not keep a core from the rank that it waits for.
  ::setenv("OMPI_MCA_mpi_yield_when_idle", "1", kKeepTheUsers);
  // Alone there is nobody to talk to: starting a daemon for that takes longer than all the rest.
  if (!launched()) { ::setenv("OMPI_MCA_ess_singleton_isolated", "1", kKeepTheUsers); }
}

}  // namespace

void MpiSession::start() {
  int initialized = 0;
  MPI_Initialized(&initialized);
  if (initialized != 0) {
    throw Error("[world] this process has joined a world before; MPI allows one: pass the World on instead");
  }
  prefer_settings();
  // Without a launcher's PMIx MPI can only make singletons, or die with a page of advice (Open MPI, under srun): say
  // what to do instead.
  if (!launched()) {
    check_promised_tasks(1, [](const char* name) { return std::getenv(name); });
  }
  int provided = 0;
  check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided), "MPI_Init_thread");
  running_ = true;
  check_mpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> library{};
  int length = 0;
  MPI_Get_library_version(library.data(), &length);
  try {
    check_thread_level(provided, MPI_THREAD_MULTIPLE, library.data());
  } catch (const Error&) {
    finish();
    throw;
  }
}

void MpiSession::finish() {
  if (!std::exchange(running_, false)) { return; }
  check_mpi(MPI_Finalize(), "MPI_Finalize");
}

void MpiSession::abandon(const std::exception& error) {
  if (size() == 1) {
    finish();
    return;
  }
  note_failure(error);
  log::error(whereabouts(rank()) + ": " + error.what());
  abort_world(static_cast<int>(noted_failure()->code));
}

int MpiSession::rank() const {
  int rank = 0;
  check_mpi(MPI_Comm_rank(MPI_COMM_WORLD, &rank), "MPI_Comm_rank");
  return rank;
}

int MpiSession::size() const {
  int size = 1;
  check_mpi(MPI_Comm_size(MPI_COMM_WORLD, &size), "MPI_Comm_size");
  return size;
}

std::pair<int, int> MpiSession::local_rank_and_size() const {
  const MpiGroup node = MpiGroup::of_node(MPI_COMM_WORLD);
  return {node.rank(), node.size()};
}

}  // namespace realface::distributed
