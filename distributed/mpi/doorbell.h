#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace realface::distributed {

/// A word that wakes a sleeping thread of this or, when it lies in shared memory, of another process. Waiting on it
/// costs no processor time, which polling takes from a compute thread on the same core.
class Doorbell {
 public:
  /// `word` outlives the doorbell.
  explicit Doorbell(std::atomic<uint32_t>& word) : word_(&word) {}

  void ring();
  /// What to hand to wait(): read it before looking for work.
  uint32_t seen() const { return word_->load(std::memory_order_acquire); }
  /// Returns once the bell rang after `seen` was read, or the time has passed.
  void wait(uint32_t seen, std::chrono::microseconds longest) const;

 private:
  std::atomic<uint32_t>* word_;
};

}  // namespace realface::distributed
