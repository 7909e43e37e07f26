#pragma once

#include <exception>
#include <string>
#include <utility>

namespace realface::distributed {

/// Whether mpirun or srun started this process. Without a launcher MPI can only make singletons.
bool launched();

/// MPI from MPI_Init_thread to MPI_Finalize.
class MpiSession {
 public:
  /// Starts MPI; blocks until all ranks have come. Throws Error if it was started before in this process or grants too
  /// few threads.
  void start();
  /// Finalizes; blocks until all ranks have come. On every rank, with no communicator left.
  void finish();
  /// Ends all ranks, saying why, unless this process is alone: then MPI is finalized and the caller throws on.
  void abandon(const std::exception& error);

  int rank() const;
  int size() const;
  /// Collective; blocking.
  std::pair<int, int> local_rank_and_size() const;
  /// Whether MPI can be called now. Any thread.
  static bool usable();
  /// "Open MPI v4.1.4".
  static std::string library();

 private:
  bool running_ = false;
};

/// Throws Error unless MPI granted MPI_THREAD_MULTIPLE (`multiple`): communication threads call MPI beside one another.
/// Pure, so that tests reach the refusal.
void check_thread_level(int provided, int multiple, const std::string& library);

}  // namespace realface::distributed
