#pragma once

// The C++ bindings of old MPI standards would come with the C header.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include <string>

/// MPI for this room's sources alone: checked calls, and communicators that free themselves.
namespace realface::distributed {

/// Throws CommunicatorError with rank, host, `what` (operation and size) and MPI's own reason unless `code` is success.
void check_mpi(int code, const std::string& what);

/// MPI's text for an error code.
std::string mpi_reason(int code);

/// The lines with which a process that ends says so to all others. Does not return.
[[noreturn]] void abort_world(int exit_code);

/// A duplicate of a communicator, with MPI_ERRORS_RETURN. Freed on the good path only: freeing may wait for other
/// ranks, so it is left out while an exception unwinds and after MPI_Finalize. Collective.
class MpiGroup {
 public:
  explicit MpiGroup(MPI_Comm parent);
  /// The ranks of `parent` that share this node's memory.
  static MpiGroup of_node(MPI_Comm parent);
  MpiGroup(MpiGroup&& other) noexcept;
  MpiGroup& operator=(MpiGroup&&) = delete;
  ~MpiGroup();

  MPI_Comm get() const { return comm_; }
  int rank() const { return rank_; }
  int size() const { return size_; }

 private:
  MpiGroup() = default;
  void describe();

  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1;
};

}  // namespace realface::distributed
