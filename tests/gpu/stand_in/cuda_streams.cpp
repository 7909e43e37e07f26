// The CUDA runtime in host memory: streams and events.
// A program that exports these functions is asked before libcudart.

#include <cuda_runtime_api.h>

#include <mutex>
#include <utility>

#include "tests/gpu/stand_in/parts.h"
#include "tests/gpu/stand_in/queues.h"

namespace {

using namespace realface::stand_in;

thread_local cudaStreamCaptureMode capture_mode = cudaStreamCaptureModeGlobal;

Event& event_of(cudaEvent_t event) { return *reinterpret_cast<Event*>(event); }

}  // namespace

extern "C" {

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned int, int) {
  *stream =
      reinterpret_cast<cudaStream_t>(new char);  // an address of its own; libtorch's pool lives as long as the program
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  note("stream_synchronize", stream);
  count(&Counts::waits);
  const std::lock_guard lock(queues_mutex());
  auto& queue = queues()[stream];
  queue.work_until(queue.put());
  return cudaSuccess;
}
cudaError_t cudaStreamQuery(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int) {
  note("wait_event", stream);
  const std::lock_guard lock(queues_mutex());
  queues()[stream].waiting.emplace_back([recorded = event_of(event)] { work_until(recorded); });
  return cudaSuccess;
}
cudaError_t cudaStreamIsCapturing(cudaStream_t, cudaStreamCaptureStatus* status) {
  *status = is_capturing() ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}
cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  std::swap(*mode, capture_mode);
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int) {
  *event = reinterpret_cast<cudaEvent_t>(new Event);
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete &event_of(event);
  return cudaSuccess;
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  note("record", stream);
  const std::lock_guard lock(queues_mutex());
  event_of(event) = {stream, queues()[stream].put(), false};
  return cudaSuccess;
}
cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned int) {
  return cudaEventRecord(event, stream);
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
  if (takes_fault("cudaEventQuery")) { return result(cudaErrorLaunchFailure); }
  if (is_capturing() && capture_mode == cudaStreamCaptureModeGlobal) {
    note_hazard("an event was queried by a thread that ends other threads' captures so");
  }
  const std::lock_guard lock(queues_mutex());
  if (!std::exchange(event_of(event).asked, true)) { return cudaErrorNotReady; }
  work_until(event_of(event));
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  note("event_synchronize", event_of(event).stream);
  count(&Counts::waits);
  const std::lock_guard lock(queues_mutex());
  work_until(event_of(event));
  return cudaSuccess;
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t, cudaEvent_t) {
  *milliseconds = 0;
  return cudaSuccess;
}

}  // extern "C"
