#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <thread>

namespace realface::checkpoints {

/// One job at a time, on a thread of its own. Used from one thread.
class Writer {
 public:
  /// The last job must have ended.
  void start(std::function<void()> job);
  bool busy() const { return busy_.load(std::memory_order_acquire); }
  /// What the last job threw, once; null where it went well. Only after it ended.
  std::exception_ptr take_error();
  ~Writer();

 private:
  std::thread thread_;
  std::atomic<bool> busy_{false};
  std::exception_ptr error_;
};

}  // namespace realface::checkpoints
