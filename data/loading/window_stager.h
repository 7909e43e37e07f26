#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "data/order/items.h"
#include "data/shards/dataset.h"

namespace realface::data {

/// Reads the blocks of a windowed order into the node's page cache, whole and one window ahead, so that a parallel file
/// system sees reads of megabytes while samples are picked at random from memory; and gives windows up once they are
/// over. The ranks of a node share the reading: block i of a window is read by local rank i mod their number. The
/// window before is kept while updates that draw from it may still be under way, so a node needs memory for three
/// windows (3 x 512 blocks of 16 MiB by default).
class WindowStager {
 public:
  WindowStager(std::shared_ptr<const Dataset> dataset, std::shared_ptr<const Items> items, int local_rank,
               int local_size);
  ~WindowStager();
  WindowStager(const WindowStager&) = delete;
  WindowStager& operator=(const WindowStager&) = delete;

  /// Samples from `position` on are wanted now. From any thread; returns at once.
  void reach(uint64_t position);
  /// Bytes read so far, for tests and metrics.
  uint64_t bytes_read() const;

 private:
  using Job = std::pair<size_t, uint64_t>;  // class, window
  void work();
  void stage(const Job& job);
  void drop(const Job& job);
  bool still_known(const Job& job) const;
  std::vector<uint64_t> blocks_of(const Job& job);  // those of this rank

  std::shared_ptr<const Dataset> dataset_;
  std::shared_ptr<const Items> items_;
  int local_rank_, local_size_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Order order_;              // of reach()
  Order blocks_;             // of the thread
  std::vector<Job> wanted_;  // what is to be staged, nearest first
  std::vector<Job> over_;
  std::set<Job> known_;  // staged or to be staged
  uint64_t bytes_read_ = 0;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace realface::data
