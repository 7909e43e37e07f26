#pragma once

#include <torch/types.h>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "data/batch.h"
#include "data/loading/sample_reader.h"
#include "data/order/order.h"

namespace realface::data {

/// Shapes of a ring's memory.
struct RingConfig {
  int64_t share = 0;  // samples a slot: this rank's part of an update
  int64_t height = 0, width = 0;
  int64_t patches = 0;                  // of a mask; 0: none
  int64_t masks = 0;                    // a sample, as a dimension of its own; 0: one
  bool clips = false;                   // images have a dimension of frames, be it of one
  bool tampered = false;                // what was tampered with is wanted
  std::vector<int64_t> companion = {};  // shape of a row: [C, h, w]; empty: none
  bool pinned = false;                  // page-locked, for copies to a GPU
  int workers = 1;
  int slots = 2;
  bool advise = true;  // tell the kernel what comes next; not where a WindowStager reads ahead
};

/// The samples of one update on this rank, in host memory.
struct RingSlot : BatchTensors {
  std::vector<int64_t> epochs, samples, masked;  // [share]
  std::vector<int64_t> frames;                   // [share * T], their numbers
  int64_t missing = 0;                           // groups of reads that workers have not finished

  ReadPlan plan;
  std::unique_ptr<std::atomic<int32_t>[]> frames_left;  // [share]
  std::unique_ptr<std::atomic<uint8_t>[]> damaged;      // [share]
};

/// Threads that fill slots ahead of the one reader, update after update. They share an update's reads, in the order in
/// which they lie on disk, and plan the next update's while they work on this one's. Memory is used again once nobody
/// holds it: a slot whose tensors somebody kept gets new ones.
class BatchRing {
 public:
  /// Begins at once with the update that starts at `start`; `updates` of them (negative: no end). `begun` is called,
  /// from a worker, with the position of every update that is planned.
  BatchRing(const RingConfig& config, FrameReader& reader, const Dealing& dealing, uint64_t start, int64_t updates,
            std::function<void(uint64_t position)> begun = {});
  ~BatchRing();
  BatchRing(const BatchRing&) = delete;
  BatchRing& operator=(const BatchRing&) = delete;

  /// Waits for update number `step` (0-based since `start`), which must not have been released. Rethrows what a worker
  /// threw over this update or an earlier one.
  RingSlot& wait(int64_t step);
  /// The update if it is ready, else null: wait without waiting.
  const RingSlot* peek(int64_t step);
  /// Gives the slots of all updates before `step` back to the workers.
  void release_before(int64_t step);
  /// Updates that are ready beyond those released.
  int64_t ready() const;

 private:
  /// One group of an update's reads.
  struct Task {
    int64_t step = 0;
    size_t group = 0;
  };
  void work();
  void fail(int64_t step);          // under the lock, in a handler
  bool filled(int64_t step) const;  // under the lock
  bool take(Task& task);            // false: the end
  void fill(const Task& task);
  void finish_row(RingSlot& slot, size_t row);
  ReadPlan plan_of(int64_t step);
  void plan_ahead(int64_t step);
  void prepare(RingSlot& slot, ReadPlan plan);
  RingSlot& slot_of(int64_t step) { return slots_[static_cast<size_t>(step) % slots_.size()]; }
  const RingSlot& slot_of(int64_t step) const { return slots_[static_cast<size_t>(step) % slots_.size()]; }

  RingConfig config_;
  FrameReader& reader_;
  Dealing dealing_;
  uint64_t start_;
  int64_t updates_;
  std::function<void(uint64_t)> begun_;
  std::mutex order_mutex_;
  Order order_;

  mutable std::mutex mutex_;
  std::condition_variable room_, filled_;
  std::vector<RingSlot> slots_;
  std::map<int64_t, ReadPlan> ahead_;
  Task next_{};
  int64_t released_ = 0;
  bool stop_ = false;
  std::exception_ptr failure_;
  int64_t failed_step_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace realface::data
