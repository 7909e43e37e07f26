#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "distributed/mpi/doorbell.h"
#include "distributed/mpi/operation.h"
#include "distributed/watchdog/collective_log.h"

namespace realface::distributed {

/// Runs operations: starts them in the order of submit(), then asks each for progress until it has ended. Sleeps on the
/// bell; while an operation polls (MPI), at most 50 microseconds at a time.
class CommunicationThread {
 public:
  /// `bell` outlives the thread. `log` may be null.
  CommunicationThread(Doorbell bell, std::shared_ptr<CollectiveLog> log);
  /// Ends once all operations have, except while an exception unwinds: then at once.
  ~CommunicationThread();

  void submit(std::shared_ptr<Operation> operation);

 private:
  void run();
  bool step();
  bool advance(Operation& operation);
  bool keeps_on();

  Doorbell bell_;
  const std::shared_ptr<CollectiveLog> log_;
  std::mutex mutex_;  // guards the four below
  std::deque<std::shared_ptr<Operation>> submitted_;
  bool stopping_ = false, abandoning_ = false;
  std::vector<std::shared_ptr<Operation>> running_;  // the thread's own
  std::thread thread_;
};

}  // namespace realface::distributed
