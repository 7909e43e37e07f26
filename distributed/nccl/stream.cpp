#include "distributed/nccl/stream.h"

#include <c10/cuda/CUDAGraphsC10Utils.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>

#include <chrono>
#include <exception>
#include <future>

namespace realface::distributed {
namespace {

constexpr std::chrono::milliseconds kWatch{5};

/// A collective on the stream: whoever waits makes its current stream wait, not the host.
class NcclWork : public Work {
 public:
  NcclWork(const NcclStream& stream, std::string what, std::shared_ptr<c10::cuda::CUDAEvent> end,
           c10::DeviceIndex device)
      : stream_(stream), what_(std::move(what)), end_(std::move(end)), device_(device) {}

  void wait() override {
    stream_.check_alive(what_);
    end_->block(c10::cuda::getCurrentCUDAStream(device_));
  }
  bool done() const override {
    try {
      return stream_.failed() || end_->query();
    } catch (const std::exception&) {
      return true;  // CUDA itself has failed: nothing more comes, and wait() says so
    }
  }

 private:
  const NcclStream& stream_;
  const std::string what_;
  const std::shared_ptr<c10::cuda::CUDAEvent> end_;
  const c10::DeviceIndex device_;
};

}  // namespace

/// What the thread that connects and the one that waits for it share.
struct NcclStream::Attempt {
  ncclComm_t comm = nullptr;
  std::promise<ncclResult_t> result;

  ncclResult_t connect(const ncclUniqueId& id, const Place& place) {
    // Each thread has a current GPU of its own.
    if (cudaSetDevice(place.device) != cudaSuccess) { return ncclUnhandledCudaError; }
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    // A non-blocking one starts a thread for every collective (NCCL 2.28, group.cc).
    config.blocking = 1;
    return ncclCommInitRankConfig(&comm, place.size, id, place.rank, &config);
  }
};

NcclStream::NcclStream(const ncclUniqueId& id, const Place& place, double deadline, std::shared_ptr<CollectiveLog> log)
    : place_(place),
      log_(std::move(log)),
      stream_(c10::cuda::getStreamFromPool(/*isHighPriority=*/true, place.device)) {
  connect(id, deadline);
  watcher_ = std::thread([this] { watch(); });
}

NcclStream::~NcclStream() {
  stopping_ = true;
  if (watcher_.joinable()) { watcher_.join(); }
  // NCCL may wait for ever on a GPU that has failed.
  if (comm_ == nullptr || failed()) { return; }
  // While an exception unwinds the run ends by MPI_Abort; waiting for other ranks would hang.
  if (std::uncaught_exceptions() > 0) { return; }
  ncclCommFinalize(comm_);
  ncclCommDestroy(comm_);
}

/// In a thread of its own, which stays behind in NCCL if the deadline passes: the run ends by MPI_Abort then.
void NcclStream::connect(const ncclUniqueId& id, double deadline) {
  const auto attempt = std::make_shared<Attempt>();
  auto result = attempt->result.get_future();
  std::thread([attempt, id, place = place_] { attempt->result.set_value(attempt->connect(id, place)); }).detach();
  if (result.wait_for(std::chrono::duration<double>(deadline)) == std::future_status::timeout) {
    throw CommunicatorError("[nccl] " + whereabouts(place_.rank) + ": not connected to " + std::to_string(place_.size) +
                            " ranks after " + std::to_string(deadline) +
                            " s; see whether all ranks started, and set NCCL_DEBUG=INFO");
  }
  if (const ncclResult_t code = result.get(); code != ncclSuccess) {
    throw CommunicatorError("[nccl] " + whereabouts(place_.rank) + ": connecting " + std::to_string(place_.size) +
                            " ranks failed: " + ncclGetErrorString(code) + " (" + ncclGetLastError(nullptr) +
                            "); set NCCL_DEBUG=INFO to see more");
  }
  comm_ = attempt->comm;
}

Pending NcclStream::enqueue(const char* name, int64_t bytes, std::vector<torch::Tensor> tensors, const Call& call) {
  const std::string what = std::string(name) + " of " + std::to_string(bytes) + " bytes";
  check_alive(what);
  const c10::cuda::CUDAGuard guard(place_.device);
  c10::cuda::CUDAEvent ready(cudaEventDisableTiming);
  ready.record(c10::cuda::getCurrentCUDAStream(place_.device));
  ready.block(stream_);
  const uint64_t sequence = log_ != nullptr ? log_->begin(name, bytes) : 0;
  {
    const std::lock_guard lock(nccl_mutex_);
    settle(call(comm_, stream_.stream()), what);
  }
  auto end = std::make_shared<c10::cuda::CUDAEvent>(cudaEventDisableTiming);
  end->record(stream_);
  auto work = std::make_shared<NcclWork>(*this, what, end, place_.device);
  // An event of a graph that is being captured must not be queried; the graph's replay is one collective of its own.
  const bool captured = c10::cuda::currentStreamCaptureStatusMayInitCtx() != c10::cuda::CaptureStatus::None;
  if (captured) {
    if (log_ != nullptr) { log_->end(sequence); }
  } else {
    const std::lock_guard lock(mutex_);
    flights_.push_back({std::move(end), sequence, std::move(tensors)});
  }
  return work;
}

/// Throws if a call failed. The caller holds nccl_mutex_.
void NcclStream::settle(ncclResult_t code, const std::string& what) {
  if (code == ncclSuccess) { return; }
  fail(what, code);
  check_alive(what);
}

/// Notes the failure and aborts. The caller holds nccl_mutex_.
void NcclStream::fail(const std::string& what, ncclResult_t code) {
  const std::string reason = what + " failed: " + ncclGetErrorString(code) + " (" + ncclGetLastError(comm_) +
                             "); set NCCL_DEBUG=INFO to see more";
  {
    const std::lock_guard lock(mutex_);
    if (failure_) { return; }
    failure_ = reason;
  }
  // Kernels that wait for a lost rank end only now.
  ncclCommAbort(std::exchange(comm_, nullptr));
}

void NcclStream::check_alive(const std::string& what) const {
  const std::lock_guard lock(mutex_);
  if (failure_) {
    throw CommunicatorError("[nccl] " + whereabouts(place_.rank) + ": " + what + " cannot run: " + *failure_);
  }
}

bool NcclStream::failed() const {
  const std::lock_guard lock(mutex_);
  return failure_.has_value();
}

void NcclStream::watch() {
  try {
    c10::cuda::set_device(place_.device);
    // While another thread captures a graph, queries of this one would end that.
    const c10::cuda::CUDAStreamCaptureModeGuard mode(cudaStreamCaptureModeThreadLocal);
    while (!stopping_) {
      collect();
      abort_after_error();
      std::this_thread::sleep_for(kWatch);
    }
  } catch (const std::exception& error) {
    // A CUDA error. Not aborted: that needs the GPU too. The next call throws, and the run ends by MPI_Abort.
    const std::lock_guard lock(mutex_);
    if (!failure_) { failure_ = std::string("the GPU failed: ") + error.what(); }
  }
}

/// Not while a call is in NCCL: if that never returns, the deadline of the collective ends the run.
void NcclStream::abort_after_error() {
  const std::unique_lock lock(nccl_mutex_, std::try_to_lock);
  if (!lock) { return; }
  ncclResult_t state = ncclSuccess;
  if (comm_ != nullptr && ncclCommGetAsyncError(comm_, &state) == ncclSuccess && state != ncclSuccess &&
      state != ncclInProgress) {
    fail("a collective", state);
  }
}

/// Takes away the collectives that have ended; they end in order, being on one stream.
void NcclStream::collect() {
  for (;;) {
    Flight ended;
    {
      const std::lock_guard lock(mutex_);
      if (flights_.empty() || !flights_.front().end->query()) { return; }
      ended = std::move(flights_.front());
      flights_.pop_front();
    }
    if (log_ != nullptr) { log_->end(ended.sequence); }
  }
}

}  // namespace realface::distributed
