#pragma once

#include <torch/types.h>

namespace realface {

/// What lies on the host, on `device`, without waiting for it: by pinned memory, which libtorch does not use again
/// until the copy has read it. On the CPU the tensor itself.
torch::Tensor sent_to(torch::Device device, const torch::Tensor& values);

}  // namespace realface
