#pragma once

#include <torch/types.h>
#include <functional>
#include <memory>
#include <string>

#include "base/settings.h"
#include "distributed/communicator.h"
#include "distributed/failure.h"
#include "distributed/node_block.h"

namespace realface::distributed {

struct WorldConfig {
  std::string device = "auto";   // auto: the GPU of the local rank where there is one; or cpu, cuda
  std::string nccl = "auto";     // auto: for two GPUs and more; always: for one too, which tests it
  std::string kernels = "auto";  // of layers on the CPU: auto: the fastest that this processor has; default: libtorch's
  bool tf32 = false;             // products and convolutions of fp32 on GPUs with TF32's 10 bits of mantissa
  bool deterministic = false;    // sums on GPUs in one order, if libtorch has such kernels
  int threads = 0;  // compute threads a rank; 0: the cores that the rank may use, divided among the ranks of the node
  double deadline = 600;       // seconds after which a collective that does not end is a hang
  double join_deadline = 300;  // seconds within which all ranks have come, and at the end have left
};

inline constexpr double kMaxDeadline = 30.0 * 24 * 3600;  // longer is no deadline, and clocks count nanoseconds

void fields(Visitor& visitor, WorldConfig& config);

/// All ranks of this run. Rank and size come from MPI, the local rank from a split by shared memory, whether the
/// program runs alone, under `mpirun` or under `srun --mpi=pmix`.
///
/// Declare it before anything that owns a communicator: its destructor finalizes MPI on the good path only. While an
/// exception unwinds, it logs rank and reason and calls MPI_Abort with the published exit code, since finalizing there
/// hangs every rank (docs/architecture.md, "Leaving"). It cannot see that exception: wrap what happens while it lives
/// in `guarded` (failure.h). A world of one rank lets the exception pass. The good path waits for all ranks.
///
/// A watchdog ends the run if a collective of group() or host_group() outlasts the deadline, and a time limit ends it
/// if joining or leaving does, for example because a rank is stopped or never starts.
class World {
 public:
  /// Joins once per process. Throws Error, in one line that says what to do, for less than MPI_THREAD_MULTIPLE, for N
  /// singletons of "rank 0 of 1" where the environment promised N tasks, and for two ranks on one GPU. Every rank then
  /// throws, and MPI is left behind in order; so it is for a GPU that one rank cannot use. Any other error of one of
  /// many ranks is logged, and ends all of them by MPI_Abort. Sets libtorch's threads, one inter-op thread, and the
  /// kernels. Collective.
  static World join(const WorldConfig& config);
  World(World&&) noexcept;
  World& operator=(World&&) = delete;
  ~World();

  int rank() const;
  int size() const;
  int local_rank() const;
  int local_size() const;
  const std::string& host() const;
  torch::Device device() const;
  int threads() const;
  /// Those that fall to this rank, of the ones it may use.
  int cores() const;

  /// For tensors on device(): NCCL on GPUs, MPI on the CPU, self alone.
  Communicator& group();
  /// For host tensors, apart from group(): small agreements that must not queue behind gradients.
  Communicator& host_group();

  /// Memory of this node, seen by all of its ranks; of this rank alone where they cannot map one another's. Collective
  /// over all ranks of the world; `bytes` may differ from node to node.
  NodeBlock node_block(size_t bytes);

  /// Ranks, hosts, devices, library versions, BLAS and threads per rank, for rank 0 to print: lines, the last without
  /// a newline. Lines that begin with "warning: " name ranks with fewer cores than threads,
  /// or with less than about half of those that would fall to them. Collective.
  std::string banner();

  /// Takes the watchdog's dump when a collective outlasts the deadline, from the watchdog's thread, just before the run
  /// ends. The first line says which ranks are missing; it goes to the log anyway.
  void set_hang_sink(std::function<void(const std::string& dump)> sink);

 private:
  struct Members;
  explicit World(std::unique_ptr<Members> members);
  std::unique_ptr<Members> members_;
};

/// Joins a world, runs `work(world)` in it and leaves it again; gives back what `work` returns. An error in `work` ends
/// all ranks, naming this one. Collective; once per process.
template <class Work>
auto in_world(const WorldConfig& config, const Work& work) {
  auto world = World::join(config);
  return guarded([&] { return work(world); });
}

}  // namespace realface::distributed
