#pragma once

#include <ATen/core/Tensor.h>

namespace realface::stand_in {

/// A tensor of the host in the memory of one of the stand-in; an empty one has none to share.
at::Tensor on_host(const at::Tensor& tensor);

/// A copy of a host's tensor in memory of the stand-in.
at::Tensor on_device(const at::Tensor& host, c10::Device device);

}  // namespace realface::stand_in
