#pragma once

#include <torch/types.h>
#include <string>

namespace realface {

/// The safetensors name of a dtype ("F32"), and back. Throw Error for one that the format, or this program, has not.
std::string dtype_name(torch::ScalarType type);
torch::ScalarType dtype_of(const std::string& name);

}  // namespace realface
