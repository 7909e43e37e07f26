#include "distributed/mpi/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "base/exception_text.h"
#include "base/log.h"
#include "distributed/communicator.h"
#include "distributed/failure.h"
#include "distributed/mpi/calls.h"

namespace realface::distributed {
namespace {

/// Settings of Open MPI, unless the user has chosen others.
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

bool launched() {
  constexpr std::array<const char*, 4> kSigns = {"PMIX_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK", "SLURM_PMI_FD"};
  return std::any_of(kSigns.begin(), kSigns.end(), [](const char* name) { return std::getenv(name) != nullptr; });
}

void MpiSession::start() {
  int initialized = 0;
  MPI_Initialized(&initialized);
  if (initialized != 0) {
    throw Error("[world] this process has joined a world before; MPI allows one: pass the World on instead");
  }
  prefer_settings();
  int provided = 0;
  check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided), "MPI_Init_thread");
  running_ = true;
  check_mpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  try {
    check_thread_level(provided, MPI_THREAD_MULTIPLE, library());
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
  log::error(whereabouts(rank()) + ": " + exception_text(error));
  abort_world(static_cast<int>(noted_failure()->code));
}

bool MpiSession::usable() {
  int initialised = 0, finalised = 0;
  MPI_Initialized(&initialised);
  MPI_Finalized(&finalised);
  return initialised != 0 && finalised == 0;
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

std::string MpiSession::library() {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  const std::string whole(text.data(), static_cast<size_t>(length));
  return whole.substr(0, whole.find(','));
}

void check_thread_level(int provided, int multiple, const std::string& library) {
  if (provided >= multiple) { return; }
  throw Error(
      fmt::format("[world] MPI grants thread level {}; MPI_THREAD_MULTIPLE ({}) is needed; use an Open MPI built with "
                  "threads, not {}",
                  provided, multiple, library));
}

}  // namespace realface::distributed
