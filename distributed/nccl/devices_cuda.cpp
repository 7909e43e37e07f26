#include <ATen/Context.h>
#include <c10/cuda/CUDAFunctions.h>
#include <cuda_runtime_api.h>
#include <nccl.h>

#include <string_view>

#include "base/error.h"
#include "distributed/nccl/devices.h"

namespace realface::distributed {
namespace {

std::string dotted(int version, int major_unit, int minor_unit) {
  return std::to_string(version / major_unit) + "." + std::to_string(version % major_unit / minor_unit);
}

std::string nccl_text(int version) { return dotted(version, 10000, 100) + "." + std::to_string(version % 100); }

void check_cuda(cudaError_t code, const std::string& what) {
  if (code != cudaSuccess) { throw Error("[world] " + what + " failed: " + cudaGetErrorString(code)); }
}

cudaDeviceProp properties(int index) {
  cudaDeviceProp found{};
  check_cuda(cudaGetDeviceProperties(&found, index), "looking at GPU " + std::to_string(index));
  return found;
}

}  // namespace

int device_count() {
  int count = 0;
  if (cudaGetDeviceCount(&count) == cudaSuccess) { return count; }
  (void)cudaGetLastError();  // no driver is no error here, and must not stay behind as one
  return 0;
}

std::string why_no_devices() {
  int count = 0;
  const cudaError_t code = cudaGetDeviceCount(&count);
  (void)cudaGetLastError();
  return "no GPU is visible (" + std::string(code == cudaSuccess ? "CUDA counts none" : cudaGetErrorString(code)) +
         "); look at nvidia-smi and CUDA_VISIBLE_DEVICES, or set world.device=cpu";
}

std::string device_uuid(int index) {
  const auto found = properties(index);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "GPU-";
  for (int i = 0; i < 16; ++i) {
    const auto byte = static_cast<unsigned char>(found.uuid.bytes[i]);
    if (i == 4 || i == 6 || i == 8 || i == 10) { text += '-'; }
    text += {kDigits[byte / 16], kDigits[byte % 16]};
  }
  return text;
}

std::string device_name(int index) { return properties(index).name; }

void bind_device(int index) {
  c10::cuda::set_device(static_cast<c10::DeviceIndex>(index));
  at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
}

std::string device_libraries() {
  int runtime = 0, nccl = 0;
  check_cuda(cudaRuntimeGetVersion(&runtime), "asking for the CUDA runtime's version");
  if (ncclGetVersion(&nccl) != ncclSuccess) { throw Error("[world] NCCL does not tell its version"); }
  if (nccl != NCCL_VERSION_CODE) {
    throw Error("[world] NCCL " + nccl_text(nccl) + " was loaded, " + nccl_text(NCCL_VERSION_CODE) +
                " was compiled against; remove the other libnccl from LD_LIBRARY_PATH and LD_PRELOAD");
  }
  return "CUDA " + dotted(runtime, 1000, 10) + ", NCCL " + nccl_text(nccl) + " (compiled against the same)";
}

}  // namespace realface::distributed
