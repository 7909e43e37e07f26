#pragma once

#include <exception>
#include <utility>

namespace realface::distributed {

/// MPI from MPI_Init_thread to MPI_Finalize.
class MpiSession {
 public:
  /// Starts MPI. Throws Error where it was started before in this process or grants too few threads.
  void start();
  /// Finalizes. On every rank, with no communicator left.
  void finish();
  /// Ends all ranks, saying why, unless this process is alone: then MPI is finalized and the caller throws on.
  void abandon(const std::exception& error);

  int rank() const;
  int size() const;
  /// Collective.
  std::pair<int, int> local_rank_and_size() const;

 private:
  bool running_ = false;
};

}  // namespace realface::distributed
