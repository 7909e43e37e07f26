#include "checkpoints/saving/snapshot.h"

#include <cstring>

#include "base/tensor_dtypes.h"

namespace realface::checkpoints {
namespace {

bool fits(const torch::Tensor& buffer, const torch::Tensor& source) {
  return buffer.defined() && buffer.scalar_type() == source.scalar_type() && buffer.sizes() == source.sizes();
}

torch::Tensor host_buffer(const torch::Tensor& source) {
  const auto options = torch::TensorOptions().dtype(source.scalar_type()).pinned_memory(source.is_cuda());
  return at::empty(source.sizes(), options);
}

void copy(torch::Tensor& buffer, const torch::Tensor& source) {
  if (source.is_cpu() && source.is_contiguous()) {
    // One thread fills the memory bus; torch's would wait for one another on a host that has other work.
    if (source.nbytes() > 0) { std::memcpy(buffer.data_ptr(), source.const_data_ptr(), source.nbytes()); }
  } else {
    // A blocking copy waits for the stream, so the update before it is complete and the next one has not begun.
    buffer.copy_(source);
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
  pieces_.resize(slices.size());
  for (size_t i = 0; i < slices.size(); ++i) {
    const auto source = slices[i].slice.tensor.detach();
    if (!fits(pieces_[i].data, source)) { pieces_[i].data = host_buffer(source); }
    copy(pieces_[i].data, source);
    pieces_[i].record = describe(slices[i]);
  }
}

}  // namespace realface::checkpoints
