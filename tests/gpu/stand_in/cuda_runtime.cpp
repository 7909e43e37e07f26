// The CUDA runtime in host memory: the functions that libc10_cuda and the program call. A program that exports them is
// asked before libcudart.

#include <cuda_runtime_api.h>

#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "tests/gpu/stand_in/parts.h"

namespace {

using namespace realface::stand_in;

constexpr size_t kMemory = size_t{8} << 30;
thread_local int current_device = 0;
thread_local cudaError_t last_error = cudaSuccess;
thread_local cudaStreamCaptureMode capture_mode = cudaStreamCaptureModeGlobal;

int gpus() {
  const char* text = std::getenv("REALFACE_STAND_IN_GPUS");
  return text == nullptr ? 1 : std::atoi(text);
}

cudaError_t result(cudaError_t code) {
  if (code != cudaSuccess) { last_error = code; }
  return code;
}

/// Work that the host has not waited for, in order: what a copy brings, and what must be done before.
struct Queue {
  std::deque<std::function<void()>> waiting;
  size_t done = 0;
  size_t put() const { return done + waiting.size(); }
  void work_until(size_t place) {
    while (done < place && !waiting.empty()) {
      const auto next = std::move(waiting.front());
      waiting.pop_front();
      ++done;
      next();
    }
  }
};

struct Runtime {
  std::recursive_mutex mutex;  // work of one queue may be to do that of another
  std::map<const void*, Queue> queues;
  std::map<uintptr_t, size_t> pinned;
};

Runtime& runtime() {
  static auto* const kept = new Runtime;  // never destroyed: libtorch's threads may outlive main
  return *kept;
}

struct Event {
  const void* stream = nullptr;
  size_t place = 0;
  bool asked = false;  // once already: the first answer is "not ready"
};

Event& event_of(cudaEvent_t event) { return *reinterpret_cast<Event*>(event); }

void work_until(const Event& event) { runtime().queues[event.stream].work_until(event.place); }

/// What the host reads is there once it has waited.
void bring_later(const void* stream, void* to, const void* from, size_t bytes) {
  const auto* start = static_cast<const char*>(from);
  runtime().queues[stream].waiting.emplace_back(
      [to, kept = std::vector<char>(start, start + bytes)] { std::memcpy(to, kept.data(), kept.size()); });
}

/// What the host writes before the copy is waited for might have been what was copied.
void look_later(const void* stream, const void* from, size_t bytes) {
  const auto* start = static_cast<const char*>(from);
  runtime().queues[stream].waiting.emplace_back([from, kept = std::vector<char>(start, start + bytes)] {
    if (std::memcmp(from, kept.data(), kept.size()) == 0) { return; }
    note_hazard(std::to_string(kept.size()) + " bytes of pinned memory were changed while they were being copied");
  });
}

}  // namespace

namespace realface::stand_in {

bool is_pinned(const void* pointer) {
  const std::lock_guard lock(runtime().mutex);
  const auto place = reinterpret_cast<uintptr_t>(pointer);
  const auto after = runtime().pinned.upper_bound(place);
  if (after == runtime().pinned.begin()) { return false; }
  const auto found = std::prev(after);
  return place < found->first + found->second;
}

void* allocate_pinned(size_t bytes) {
  count(&Counts::host_allocations);
  void* const memory = std::calloc(1, bytes + 1);
  const std::lock_guard lock(runtime().mutex);
  runtime().pinned[reinterpret_cast<uintptr_t>(memory)] = bytes + 1;
  return memory;
}

}  // namespace realface::stand_in

extern "C" {

// Devices.
cudaError_t cudaGetDeviceCount(int* number) {
  *number = gpus();
  return result(*number > 0 ? cudaSuccess : cudaErrorNoDevice);
}
cudaError_t cudaGetDevice(int* device) {
  *device = current_device;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  if (device < 0 || device >= gpus()) { return result(cudaErrorInvalidDevice); }
  current_device = device;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device < 0 || device >= gpus()) { return result(cudaErrorInvalidDevice); }
  *properties = {};
  std::strncpy(properties->name, "stand-in", sizeof(properties->name) - 1);
  properties->uuid.bytes[15] = static_cast<char>(device + 1);
  properties->major = 9;
  properties->warpSize = 32;
  properties->multiProcessorCount = 1;
  properties->totalGlobalMem = kMemory;
  return cudaSuccess;
}
cudaError_t cudaDeviceSynchronize() {
  note("device_synchronize", nullptr);
  count(&Counts::waits);
  const std::lock_guard lock(runtime().mutex);
  for (auto& [stream, queue] : runtime().queues) { queue.work_until(queue.put()); }
  return cudaSuccess;
}
cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  *least = 0;
  *greatest = -5;
  return cudaSuccess;
}
cudaError_t cudaDeviceCanAccessPeer(int* can, int, int) {
  *can = 0;
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaGetDriverEntryPointByVersion(const char*, void** function, unsigned int, unsigned long long,
                                             cudaDriverEntryPointQueryResult* found) {
  *function = nullptr;
  if (found != nullptr) { *found = cudaDriverEntryPointSymbolNotFound; }
  return cudaErrorSymbolNotFound;
}

// Errors.
cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }
const char* cudaGetErrorName(cudaError_t) { return "stand_in"; }
const char* cudaGetErrorString(cudaError_t code) {
  return code == cudaErrorNoDevice ? "no CUDA-capable device is detected" : "a fault that a test asked for";
}

// Memory.
cudaError_t cudaMalloc(void** memory, size_t bytes) {
  if (takes_fault("cudaMalloc")) { return result(cudaErrorMemoryAllocation); }
  count(&Counts::device_allocations);
  constexpr size_t kAlignment = 512;
  *memory = std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
  std::memset(*memory, 0xFF, bytes);  // NaN: what nobody has written must not be read
  return cudaSuccess;
}
cudaError_t cudaFree(void* memory) {
  std::free(memory);
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(size_t* free, size_t* total) {
  *free = *total = kMemory;
  return cudaSuccess;
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  const bool to_host = kind == cudaMemcpyDeviceToHost;
  if (kind == cudaMemcpyDeviceToDevice) {
    note("copy", stream);
    std::memmove(to, from, bytes);
    return cudaSuccess;
  }
  note(to_host ? "copy_to_host" : "copy_to_device", stream);
  count(to_host ? &Counts::copies_to_host : &Counts::copies_to_device);
  const std::lock_guard lock(runtime().mutex);
  if (!is_pinned(to_host ? to : from)) {
    count(&Counts::waits);  // through a buffer of the driver's: the host waits for what the stream holds
    auto& queue = runtime().queues[stream];
    queue.work_until(queue.put());
    std::memcpy(to, from, bytes);
  } else if (to_host) {
    bring_later(stream, to, from, bytes);
  } else {
    std::memcpy(to, from, bytes);
    look_later(stream, from, bytes);
  }
  return cudaSuccess;
}
cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  const cudaError_t code = cudaMemcpyAsync(to, from, bytes, kind, nullptr);
  cudaStreamSynchronize(nullptr);
  return code;
}

// Streams.
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned int, int) {
  *stream =
      reinterpret_cast<cudaStream_t>(new char);  // an address of its own; libtorch's pool lives as long as the program
  return cudaSuccess;
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  note("stream_synchronize", stream);
  count(&Counts::waits);
  const std::lock_guard lock(runtime().mutex);
  auto& queue = runtime().queues[stream];
  queue.work_until(queue.put());
  return cudaSuccess;
}
cudaError_t cudaStreamQuery(cudaStream_t) { return cudaSuccess; }
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int) {
  note("wait_event", stream);
  const std::lock_guard lock(runtime().mutex);
  runtime().queues[stream].waiting.emplace_back([recorded = event_of(event)] { work_until(recorded); });
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

// Events.
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
  const std::lock_guard lock(runtime().mutex);
  event_of(event) = {stream, runtime().queues[stream].put(), false};
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
  const std::lock_guard lock(runtime().mutex);
  if (!std::exchange(event_of(event).asked, true)) { return cudaErrorNotReady; }
  work_until(event_of(event));
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  note("event_synchronize", event_of(event).stream);
  count(&Counts::waits);
  const std::lock_guard lock(runtime().mutex);
  work_until(event_of(event));
  return cudaSuccess;
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t, cudaEvent_t) {
  *milliseconds = 0;
  return cudaSuccess;
}

}  // extern "C"
