#pragma once

#include <string>

/// The GPUs of this process: devices_cuda.cpp, or devices_none.cpp in a build without CUDA. They index what
/// CUDA_VISIBLE_DEVICES shows.
namespace realface::distributed {

/// 0 without a GPU or its driver.
int device_count();
/// Why there are none: for the error of someone who asked for one.
std::string why_no_devices();
/// "GPU-..." as nvidia-smi prints it.
std::string device_uuid(int index);
std::string device_name(int index);
/// Makes the GPU this thread's current one; call before anything else that touches CUDA.
void bind_device(int index);
/// "CUDA 13.0, NCCL 2.28.9", or "" in a build without them. Throws Error where the NCCL that was loaded is not the one
/// that was compiled against.
std::string device_libraries();

}  // namespace realface::distributed
