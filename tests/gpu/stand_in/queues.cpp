#include "tests/gpu/stand_in/queues.h"

#include <utility>

namespace realface::stand_in {

void Queue::work_until(size_t place) {
  while (done < place && !waiting.empty()) {
    const auto next = std::move(waiting.front());
    waiting.pop_front();
    ++done;
    next();
  }
}

// Never destroyed: libtorch's threads may outlive main.
std::recursive_mutex& queues_mutex() {
  static auto* const kept = new std::recursive_mutex;
  return *kept;
}

std::map<const void*, Queue>& queues() {
  static auto* const kept = new std::map<const void*, Queue>;
  return *kept;
}

void work_until(const Event& event) { queues()[event.stream].work_until(event.place); }

}  // namespace realface::stand_in
