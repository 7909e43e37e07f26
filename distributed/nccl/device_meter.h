#pragma once

#include <torch/types.h>
#include <cstdint>
#include <memory>

namespace realface::distributed {

/// What was asked of a GPU beyond the work on its streams.
struct DeviceCosts {
  int64_t allocations = 0;  // of the driver: libtorch's cache held no block that fits
  int64_t waits = 0;        // of the host for the device, in libtorch
  int64_t peak_bytes = 0;   // the most that tensors took at once, those from before included
};

/// Counts while it lives, in the thread that made it and in the backward passes that this one starts. One at a time.
/// Of the CPU, and in a build without CUDA, it counts nothing.
class DeviceMeter {
 public:
  explicit DeviceMeter(torch::Device device);
  ~DeviceMeter();
  DeviceMeter(const DeviceMeter&) = delete;
  DeviceMeter& operator=(const DeviceMeter&) = delete;

  /// Since the beginning.
  DeviceCosts costs() const;

 private:
  struct Members;
  std::unique_ptr<Members> members_;
};

}  // namespace realface::distributed
