#include "checkpoints/saving/writer.h"

#include <utility>

namespace realface::checkpoints {

void Writer::start(std::function<void()> job) {
  if (thread_.joinable()) { thread_.join(); }
  error_ = nullptr;
  busy_.store(true, std::memory_order_release);
  thread_ = std::thread([this, work = std::move(job)] {
    try {
      work();
    } catch (...) { error_ = std::current_exception(); }
    busy_.store(false, std::memory_order_release);
  });
}

std::exception_ptr Writer::take_error() { return std::exchange(error_, nullptr); }

Writer::~Writer() {
  if (thread_.joinable()) { thread_.join(); }
}

}  // namespace realface::checkpoints
