// The CUDA runtime in host memory: devices and errors.
// A program that exports these functions is asked before libcudart.

#include <cuda_runtime_api.h>

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

#include "tests/gpu/stand_in/parts.h"
#include "tests/gpu/stand_in/queues.h"

namespace {

using namespace realface::stand_in;

thread_local int current_device = 0;
thread_local cudaError_t last_error = cudaSuccess;

int gpus() {
  const char* text = std::getenv("REALFACE_STAND_IN_GPUS");
  return text == nullptr ? 1 : std::atoi(text);
}

}  // namespace

cudaError_t realface::stand_in::result(cudaError_t code) {
  if (code != cudaSuccess) { last_error = code; }
  return code;
}

extern "C" {

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
  const std::lock_guard lock(queues_mutex());
  for (auto& [stream, queue] : queues()) { queue.work_until(queue.put()); }
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

cudaError_t cudaGetLastError() { return std::exchange(last_error, cudaSuccess); }
const char* cudaGetErrorName(cudaError_t) { return "stand_in"; }
const char* cudaGetErrorString(cudaError_t code) {
  return code == cudaErrorNoDevice ? "no CUDA-capable device is detected" : "a fault that a test asked for";
}

}  // extern "C"
