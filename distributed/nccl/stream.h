#pragma once

#include <c10/cuda/CUDAEvent.h>
#include <c10/cuda/CUDAStream.h>
#include <nccl.h>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "distributed/communicator.h"
#include "distributed/watchdog/collective_log.h"

namespace realface::distributed {

/// A NCCL communicator with its stream, and a thread that looks after it: notes in the log when collectives end, and
/// aborts the communicator at an asynchronous error of NCCL. After that, and after an error of
/// CUDA that the thread meets, every call and every wait throws.
class NcclStream {
 public:
  struct Place {
    int rank, size;
    c10::DeviceIndex device;
  };
  /// Collective; throws CommunicatorError after `deadline` seconds.
  NcclStream(const ncclUniqueId& id, const Place& place, double deadline, std::shared_ptr<CollectiveLog> log);
  ~NcclStream();
  NcclStream(const NcclStream&) = delete;
  NcclStream& operator=(const NcclStream&) = delete;

  using Call = std::function<ncclResult_t(ncclComm_t, cudaStream_t)>;
  /// Puts `call` on the stream, after what the current stream holds, and returns the work to wait for. `tensors` stay
  /// alive until it has ended.
  Pending enqueue(const char* name, int64_t bytes, std::vector<torch::Tensor> tensors, const Call& call);

  /// Throws CommunicatorError where the communicator has failed.
  void check_alive(const std::string& what) const;
  bool failed() const;

 private:
  struct Flight {
    std::shared_ptr<c10::cuda::CUDAEvent> end;
    uint64_t sequence;
    std::vector<torch::Tensor> tensors;
  };

  struct Attempt;
  void connect(const ncclUniqueId& id, double deadline);
  void settle(ncclResult_t code, const std::string& what);
  void fail(const std::string& what, ncclResult_t code);
  void watch();
  void abort_after_error();
  void collect();

  const Place place_;
  const std::shared_ptr<CollectiveLog> log_;
  const c10::cuda::CUDAStream stream_;
  ncclComm_t comm_ = nullptr;
  std::mutex nccl_mutex_;     // one thread inside NCCL at a time, as ncclCommAbort asks
  mutable std::mutex mutex_;  // guards the two below
  std::deque<Flight> flights_;
  std::optional<std::string> failure_;
  std::atomic<bool> stopping_{false};
  std::thread watcher_;
};

}  // namespace realface::distributed
