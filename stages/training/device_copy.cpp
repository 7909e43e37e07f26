#include "stages/training/device_copy.h"

namespace realface::stages {

torch::Tensor sent_to(torch::Device device, const torch::Tensor& values) {
  return device.is_cpu() ? values : values.pin_memory().to(device, /*non_blocking=*/true);
}

}  // namespace realface::stages
