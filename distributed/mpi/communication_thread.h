#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "distributed/communicator.h"
#include "distributed/mpi/doorbell.h"
#include "distributed/watchdog/collective_log.h"

namespace realface::distributed {

/// A collective in the hands of a communication thread: that thread calls start() and then advance() until it returns
/// true; the caller's thread calls wait().
class Operation : public Work {
 public:
  /// `what` names operation and size for errors; `tensors` stay alive until the operation is gone.
  Operation(std::string what, std::vector<torch::Tensor> tensors)
      : what_(std::move(what)), tensors_(std::move(tensors)) {}

  void wait() final;
  bool done() const final { return state_.load(std::memory_order_acquire) != State::pending; }

  virtual void start() = 0;
  virtual bool advance() = 0;      // true: ended
  virtual bool polls() const = 0;  // whether only asking again and again shows progress

  void succeed() { settle(State::succeeded); }
  void fail(const std::string& message);

  uint64_t sequence = 0;  // in the group's log

 protected:
  /// In the caller's thread, once, in the first wait(): for results that need work.
  virtual void deliver() {}
  const std::string& what() const { return what_; }

 private:
  enum class State { pending, succeeded, failed };
  void settle(State state);

  const std::string what_;
  const std::vector<torch::Tensor> tensors_;
  std::atomic<State> state_{State::pending};
  std::string message_;
  bool delivered_ = false;
};

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
  std::mutex mutex_;  // guards the three below
  std::deque<std::shared_ptr<Operation>> submitted_;
  bool stopping_ = false, abandoning_ = false;
  std::vector<std::shared_ptr<Operation>> running_;  // the thread's own
  std::thread thread_;
};

}  // namespace realface::distributed
