#pragma once

#include <torch/types.h>
#include <memory>
#include <vector>

namespace realface::data {

/// Carries tensors from page-locked host memory to a device, on a stream of its own, beside the computation. For the
/// host itself it hands back what it is given. One thread, the stage's.
class DeviceCopy {
 public:
  /// Copies under way: the device tensors, and when they are there.
  class Flight;

  explicit DeviceCopy(torch::Device device);
  ~DeviceCopy();
  DeviceCopy(const DeviceCopy&) = delete;
  DeviceCopy& operator=(const DeviceCopy&) = delete;

  /// Begins to copy; undefined tensors stay undefined. The sources must stay as they are until `landed`.
  std::shared_ptr<Flight> start(const std::vector<torch::Tensor>& sources);
  /// The device tensors, usable on the current stream; the host does not wait.
  std::vector<torch::Tensor> finish(Flight& flight);
  /// Waits on the host until the sources have been read.
  void land(Flight& flight);

 private:
  struct Members;
  torch::Device device_;
  std::unique_ptr<Members> members_;  // null for the host
};

}  // namespace realface::data
