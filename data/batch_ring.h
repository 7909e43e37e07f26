#pragma once

#include <torch/types.h>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "data/frame_reader.h"
#include "data/sampler.h"

namespace realface::data {

/// Shapes of a ring's memory.
struct RingConfig {
  int64_t share = 0;  // samples a slot: this rank's part of an update
  int64_t height = 0, width = 0;
  int64_t patches = 0;  // of a mask; 0: none
  bool pinned = false;  // page-locked, for copies to a GPU
  int workers = 1;
  int slots = 2;
};

/// The samples of one update on this rank, in host memory.
struct RingSlot {
  torch::Tensor images;                          // u8 [share, H, W, 3]
  torch::Tensor landmarks;                       // f32 [share, 68, 2]
  torch::Tensor mask;                            // bool [share, N]
  torch::Tensor labels;                          // i64 [share]
  torch::Tensor weights;                         // f32 [share]
  std::vector<int64_t> epochs, samples, masked;  // [share]
  int64_t missing = 0;                           // samples that workers have not finished
};

/// Threads that fill slots ahead of the one reader, update after update. Memory is used again once nobody holds it: a
/// slot whose tensors somebody kept gets new ones.
class BatchRing {
 public:
  /// Begins at once with the update that starts at `start`; `updates` of them (negative: no end).
  BatchRing(const RingConfig& config, FrameReader& reader, const Order& order, const Dealing& dealing, uint64_t start,
            int64_t updates);
  ~BatchRing();
  BatchRing(const BatchRing&) = delete;
  BatchRing& operator=(const BatchRing&) = delete;

  /// Waits for update number `step` (0-based since `start`), which must not have been released. Rethrows what a worker
  /// threw.
  RingSlot& wait(int64_t step);
  /// The update if it is ready, else null: wait without waiting.
  const RingSlot* peek(int64_t step);
  /// Gives the slots of all updates before `step` back to the workers.
  void release_before(int64_t step);
  /// Updates that are ready beyond those released.
  int64_t ready() const;

 private:
  struct Task {
    int64_t step, sample;
  };
  void work();
  bool filled(int64_t step);  // under the lock
  bool take(Task& task);      // false: the end
  void fill(const Task& task, Order& order);
  void prepare(RingSlot& slot);
  RingSlot& slot_of(int64_t step) { return slots_[static_cast<size_t>(step) % slots_.size()]; }

  RingConfig config_;
  FrameReader& reader_;
  Order order_;
  Dealing dealing_;
  uint64_t start_;
  int64_t updates_;

  mutable std::mutex mutex_;
  std::condition_variable room_, filled_;
  std::vector<RingSlot> slots_;
  Task next_{0, 0};
  int64_t released_ = 0;
  bool stop_ = false;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

}  // namespace realface::data
