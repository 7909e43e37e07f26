// The CUDA runtime in host memory: memory and copies.
// A program that exports these functions is asked before libcudart.

#include <cuda_runtime_api.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "tests/gpu/stand_in/parts.h"
#include "tests/gpu/stand_in/queues.h"

namespace realface::stand_in {
namespace {

/// Bytes by address. Lock queues_mutex().
std::map<uintptr_t, size_t>& pinned() {
  static auto* const kept = new std::map<uintptr_t, size_t>;  // never destroyed, as the memory
  return *kept;
}

/// What the host reads is there once it has waited.
void bring_later(const void* stream, void* to, const void* from, size_t bytes) {
  const auto* start = static_cast<const char*>(from);
  queues()[stream].waiting.emplace_back(
      [to, kept = std::vector<char>(start, start + bytes)] { std::memcpy(to, kept.data(), kept.size()); });
}

/// What the host writes before the copy is waited for might have been what was copied.
void look_later(const void* stream, const void* from, size_t bytes) {
  const auto* start = static_cast<const char*>(from);
  queues()[stream].waiting.emplace_back([from, kept = std::vector<char>(start, start + bytes)] {
    if (std::memcmp(from, kept.data(), kept.size()) == 0) { return; }
    note_hazard(std::to_string(kept.size()) + " bytes of pinned memory were changed while they were being copied");
  });
}

}  // namespace

bool is_pinned(const void* pointer) {
  const std::lock_guard lock(queues_mutex());
  const auto place = reinterpret_cast<uintptr_t>(pointer);
  const auto after = pinned().upper_bound(place);
  if (after == pinned().begin()) { return false; }
  const auto found = std::prev(after);
  return place < found->first + found->second;
}

void* allocate_pinned(size_t bytes) {
  count(&Counts::host_allocations);
  void* const memory = std::calloc(1, bytes + 1);
  const std::lock_guard lock(queues_mutex());
  pinned()[reinterpret_cast<uintptr_t>(memory)] = bytes + 1;
  return memory;
}

}  // namespace realface::stand_in

using namespace realface::stand_in;

extern "C" {

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
  const std::lock_guard lock(queues_mutex());
  if (!is_pinned(to_host ? to : from)) {
    count(&Counts::waits);  // through a buffer of the driver's: the host waits for what the stream holds
    auto& queue = queues()[stream];
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

}  // extern "C"
