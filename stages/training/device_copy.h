#pragma once

#include <torch/types.h>

namespace realface::stages {

/// What lies on the host, on `device`, without waiting for it: by pinned memory, which libtorch does not use again
/// until the copy has read it. On the CPU the tensor itself. `values` on a GPU are refused by libtorch; if they are
/// pinned already, they must not change until the device was waited for.
torch::Tensor sent_to(torch::Device device, const torch::Tensor& values);

}  // namespace realface::stages
