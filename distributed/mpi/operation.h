#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "distributed/communicator.h"
#include "distributed/mpi/calls.h"

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

/// A collective made of MPI's nonblocking calls.
class MpiOperation : public Operation {
 public:
  using Requests = std::vector<MPI_Request>;
  MpiOperation(std::string what, std::vector<torch::Tensor> tensors, std::function<void(Requests&)> post,
               std::function<void()> deliver = {})
      : Operation(std::move(what), std::move(tensors)), post_(std::move(post)), deliver_(std::move(deliver)) {}

  void start() override { post_(requests_); }
  bool advance() override;
  bool polls() const override { return true; }

 protected:
  void deliver() override {
    if (deliver_) { deliver_(); }
  }

 private:
  std::function<void(Requests&)> post_;
  std::function<void()> deliver_;
  Requests requests_;
};

}  // namespace realface::distributed
