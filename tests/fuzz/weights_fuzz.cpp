// The reader of torch.save's files under libFuzzer (`make fuzz`); tests/fuzz/weights_replay_test.cpp calls the same
// entry.

#include "tests/fuzz/weights_fuzz.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "models/weights/torch_save/saved_tensors.h"

namespace realface::models::fuzz {
namespace {

uint64_t bytes_of(const std::string& dtype) {
  if (dtype == "F64" || dtype == "I64") { return 8; }
  if (dtype == "F32" || dtype == "I32") { return 4; }
  return dtype == "F16" || dtype == "BF16" || dtype == "I16" ? 2 : 1;
}

/// The first and the last byte of a tensor, so that the sanitizer sees one outside.
uint64_t touched(std::string_view bytes, const torch_save::SavedTensor& tensor) {
  uint64_t last = 0;
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    if (tensor.shape[i] < 0 || tensor.strides[i] < 0) { std::abort(); }
    last += static_cast<uint64_t>(std::max<int64_t>(tensor.shape[i] - 1, 0)) * static_cast<uint64_t>(tensor.strides[i]);
  }
  if (tensor.extent == 0) { return 0; }
  if (last + 1 != tensor.extent) { std::abort(); }  // as_strided would leave the copy of `extent` elements
  const auto* data = bytes.data() + tensor.begin;
  return static_cast<uint64_t>(data[0]) + static_cast<uint64_t>(data[tensor.extent * bytes_of(tensor.dtype) - 1]);
}

}  // namespace

bool read_input(const uint8_t* data, size_t size) {
  // A copy of its exact size, so that the sanitizer sees one byte too far on either side.
  const auto copy = std::make_unique<char[]>(size);
  std::copy_n(data, size, copy.get());
  const std::string_view bytes(copy.get(), size);
  if (!torch_save::is_torch_save(bytes)) { return false; }
  try {
    volatile uint64_t sum = torch_save::saved_metadata(bytes, "input").size();
    for (const auto& [name, tensor] : torch_save::saved_tensors(bytes, "input")) { sum = sum + touched(bytes, tensor); }
  } catch (const Error&) { return false; }
  return true;
}

}  // namespace realface::models::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  realface::models::fuzz::read_input(data, size);
  return 0;
}
