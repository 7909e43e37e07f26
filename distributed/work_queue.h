#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "distributed/world.h"

namespace realface::distributed {

/// A counter that ranks draw from: each of 0..items-1 goes to exactly one rank, in increasing order of drawing, so that
/// a fast rank does more than a slow one. Which rank gets which item depends on time: what comes out must not depend on
/// it.
///
/// A thread of rank 0 hands the numbers out, so a draw takes well under a millisecond also while all ranks, rank 0 too,
/// compute for long without entering MPI. Constructor and destructor are collective; the destructor waits until every
/// rank has come to its own, except while an exception unwinds. That wait has no deadline, since an item may take long:
/// keep the queue until the rank's items are done, and put the next collective after it. `next` may be called from
/// several threads.
class WorkQueue {
 public:
  /// Throws Error for a negative number of items and where ranks disagree about it.
  WorkQueue(World& world, int64_t items);
  ~WorkQueue();
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;

  /// The next item for this rank, or nothing once all are drawn. Throws CommunicatorError.
  std::optional<int64_t> next();

 private:
  struct Members;
  std::unique_ptr<Members> members_;
};

}  // namespace realface::distributed
