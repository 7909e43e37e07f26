#pragma once

#include <cstddef>
#include <cstdint>

namespace realface::models::fuzz {

/// Reads an input as a file of torch.save and looks at the ends of its tensors. True where it holds tensors, false
/// where the reader refused it with Error; anything else (another exception, a byte out of bounds, a tensor that does
/// not fit its part of the file) is a finding.
bool read_input(const uint8_t* data, size_t size);

}  // namespace realface::models::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
