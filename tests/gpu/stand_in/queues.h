#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>

/// What the parts of the runtime share: the work of each stream that the host has not waited for. Lock queues_mutex().
namespace realface::stand_in {

/// In order: what a copy brings, and what must be done before.
struct Queue {
  std::deque<std::function<void()>> waiting;
  size_t done = 0;

  size_t put() const { return done + waiting.size(); }
  void work_until(size_t place);
};

/// An event: a place in the queue of the stream that it was recorded on.
struct Event {
  const void* stream = nullptr;
  size_t place = 0;
  bool asked = false;  // once already: the first answer is "not ready"
};

std::recursive_mutex& queues_mutex();  // recursive: the work of one queue may be to do that of another
std::map<const void*, Queue>& queues();
/// All that stands before the event.
void work_until(const Event& event);

/// Notes a failure for cudaGetLastError; gives the code back.
cudaError_t result(cudaError_t code);

inline constexpr size_t kMemory = size_t{8} << 30;  // bytes of a GPU

}  // namespace realface::stand_in
