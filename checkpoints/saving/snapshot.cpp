#include "checkpoints/saving/snapshot.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <cstring>

#include "base/tensor_dtypes.h"

namespace realface::checkpoints {
namespace {

constexpr int64_t kAlignment = 64;  // bytes; of every type

/// Where each slice lies in one buffer, and the end of it.
std::vector<int64_t> places_of(const std::vector<OwnedSlice>& slices) {
  std::vector<int64_t> places{0};
  for (const auto& owned : slices) {
    const auto bytes = static_cast<int64_t>(owned.slice.tensor.nbytes());
    places.push_back(places.back() + (bytes + kAlignment - 1) / kAlignment * kAlignment);
  }
  return places;
}

torch::Tensor view_of(const torch::Tensor& buffer, int64_t place, const torch::Tensor& source) {
  const auto bytes = static_cast<int64_t>(source.nbytes());
  return buffer.narrow(0, place, bytes).view(source.scalar_type()).view(source.sizes());
}

/// From a GPU without waiting.
void copy_to_host(const torch::Tensor& buffer, const torch::Tensor& source) {
  if (source.is_cpu() && source.is_contiguous()) {
    // One thread fills the memory bus; torch's would wait for one another on a host that has other work.
    if (source.nbytes() > 0) { std::memcpy(buffer.data_ptr(), source.const_data_ptr(), source.nbytes()); }
  } else {
    buffer.copy_(source, /*non_blocking=*/true);
  }
}

PieceRecord describe(const OwnedSlice& owned) {
  PieceRecord record;
  record.part = owned.part;
  record.name = owned.slice.name;
  record.dtype = dtype_name(owned.slice.tensor.scalar_type());
  record.shape = owned.slice.tensor.sizes().vec();
  record.global_shape = owned.slice.global_shape;
  record.offset = owned.slice.offset;
  record.replicated = owned.slice.replicated;
  return record;
}

}  // namespace

void Snapshot::take(const std::vector<OwnedSlice>& slices) {
  const auto places = places_of(slices);
  const auto on_gpu = std::ranges::find_if(slices, [](const auto& owned) { return owned.slice.tensor.is_cuda(); });
  if (!buffer_.defined() || buffer_.numel() != places.back()) {
    pieces_.clear();
    buffer_.reset();  // before the next is there
    buffer_ =
        at::empty({places.back()}, at::TensorOptions().dtype(torch::kUInt8).pinned_memory(on_gpu != slices.end()));
  }
  pieces_.resize(slices.size());
  for (size_t i = 0; i < slices.size(); ++i) {
    const auto source = slices[i].slice.tensor.detach();
    pieces_[i] = {describe(slices[i]), view_of(buffer_, places[i], source)};
    copy_to_host(pieces_[i].data, source);
  }
  // Once for all: the update before is complete then, and the next one has not begun.
  if (on_gpu != slices.end()) {
    const auto device = on_gpu->slice.tensor.device();
    c10::impl::VirtualGuardImpl(device.type()).getStream(device).synchronize();
  }
}

}  // namespace realface::checkpoints
