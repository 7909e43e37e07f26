// How tensors of the stand-in are made, viewed, copied and read: as libtorch_cuda does, by libc10_cuda's allocator and
// the runtime.

#include <ATen/EmptyTensor.h>
#include <ATen/native/TensorFactories.h>
#include <ATen/native/transformers/attention.h>
#include <ATen/native/transformers/sdp_utils_cpp.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_native.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/library.h>

#include "tests/gpu/stand_in/host_view.h"
#include "tests/gpu/stand_in/parts.h"

namespace realface::stand_in {
namespace {

using std::optional;

c10::Allocator* allocator() {
  at::globalContext().lazyInitDevice(at::kCUDA);
  return c10::cuda::CUDACachingAllocator::get();
}

const c10::DispatchKeySet kKeys(c10::DispatchKey::CUDA);

at::Tensor empty(at::IntArrayRef sizes, optional<at::ScalarType> dtype, optional<at::Layout>,
                 optional<at::Device> device, optional<bool>, optional<at::MemoryFormat> format) {
  auto* const memory = allocator();
  const c10::cuda::OptionalCUDAGuard guard(device);
  return at::detail::empty_generic(sizes, memory, kKeys, c10::dtype_or_default(dtype), format);
}

at::Tensor empty_strided(at::IntArrayRef sizes, at::IntArrayRef strides, optional<at::ScalarType> dtype,
                         optional<at::Layout>, optional<at::Device> device, optional<bool>) {
  auto* const memory = allocator();
  const c10::cuda::OptionalCUDAGuard guard(device);
  return at::detail::empty_strided_generic(sizes, strides, memory, kKeys, c10::dtype_or_default(dtype));
}

const at::Tensor& resize(const at::Tensor& self, at::IntArrayRef sizes, optional<at::MemoryFormat>) {
  auto* const impl = self.unsafeGetTensorImpl();
  const auto bytes = static_cast<size_t>(c10::multiply_integers(sizes)) * self.element_size();
  if (bytes > self.storage().nbytes()) {
    self.storage().unsafeGetStorageImpl()->set_data_ptr_noswap(allocator()->allocate(bytes));
    self.storage().unsafeGetStorageImpl()->set_nbytes(bytes);
  }
  impl->set_sizes_contiguous(sizes);
  return self;
}

/// Bytes between the host and the device, in order on the current stream; waits unless that is not asked for.
void move(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, bool non_blocking) {
  const auto stream = c10::cuda::getCurrentCUDAStream().stream();
  if (non_blocking) {
    C10_CUDA_CHECK(cudaMemcpyAsync(to, from, bytes, kind, stream));
  } else {
    c10::cuda::memcpy_and_sync(to, from, static_cast<int64_t>(bytes), kind, stream);
  }
}

bool lie_alike(const at::Tensor& one, const at::Tensor& other) {
  return one.scalar_type() == other.scalar_type() && one.sizes() == other.sizes() && one.strides() == other.strides() &&
         one.is_non_overlapping_and_dense();
}

void copy_from_host(const at::Tensor& self, const at::Tensor& source, bool non_blocking) {
  const c10::cuda::CUDAGuard guard(self.device());
  if (lie_alike(self, source)) {
    move(self.data_ptr(), source.const_data_ptr(), self.nbytes(), cudaMemcpyHostToDevice, non_blocking);
    return;
  }
  // A dense copy goes over, which a kernel spreads.
  const auto dense = source.expand(self.sizes()).contiguous();
  const auto landed = at::empty(dense.sizes(), dense.options().device(self.device()).pinned_memory(false));
  move(landed.data_ptr(), dense.const_data_ptr(), dense.nbytes(), cudaMemcpyHostToDevice, non_blocking);
  self.copy_(landed);
}

void copy_to_host(const at::Tensor& self, const at::Tensor& source, bool non_blocking) {
  const c10::cuda::CUDAGuard guard(source.device());
  if (lie_alike(self, source)) {
    move(self.data_ptr(), source.const_data_ptr(), self.nbytes(), cudaMemcpyDeviceToHost, non_blocking);
    return;
  }
  const auto dense = source.contiguous();
  const auto landed = at::empty(dense.sizes(), dense.options().device(at::kCPU).pinned_memory(false));
  move(landed.data_ptr(), dense.const_data_ptr(), dense.nbytes(), cudaMemcpyDeviceToHost, false);
  self.copy_(landed);
}

at::Tensor& copy(at::Tensor& self, const at::Tensor& source, bool non_blocking) {
  if (self.numel() == 0) { return self; }
  if (self.is_cuda() && source.is_cuda()) {
    count(&Counts::kernels);
    on_host(self).copy_(on_host(source));
  } else if (self.is_cuda()) {
    copy_from_host(self, source, non_blocking);
  } else {
    copy_to_host(self, source, non_blocking);
  }
  return self;
}

at::Scalar read_number(const at::Tensor& self) {
  const auto value = at::empty({}, self.options().device(at::kCPU).pinned_memory(false));
  move(value.data_ptr(), self.const_data_ptr(), self.element_size(), cudaMemcpyDeviceToHost, false);
  return value.item();
}

void record_stream(at::Tensor& self, at::Stream stream) {
  c10::cuda::CUDACachingAllocator::recordStream(self.storage().data_ptr(), c10::cuda::CUDAStream(stream));
}

at::Tensor& set_storage(at::Tensor& self, at::Storage source, int64_t offset, at::IntArrayRef sizes,
                        at::IntArrayRef strides) {
  self.unsafeGetTensorImpl()->set_storage_keep_dtype(std::move(source));
  self.unsafeGetTensorImpl()->set_sizes_and_strides(sizes, strides, offset);
  return self;
}

int64_t attention_kind(const at::Tensor&, const at::Tensor&, const at::Tensor&, const optional<at::Tensor>&, double,
                       bool, optional<double>, bool) {
  return static_cast<int64_t>(sdp::SDPBackend::math);
}

}  // namespace

TORCH_LIBRARY_IMPL(aten, CUDA, m) {
  m.impl("empty.memory_format", empty);
  m.impl("empty_strided", empty_strided);
  m.impl("resize_", resize);
  m.impl("as_strided", at::native::as_strided_tensorimpl);
  m.impl("view", static_cast<at::Tensor (*)(const at::Tensor&, at::IntArrayRef)>(at::native::view));
  m.impl("_reshape_alias", at::native::_reshape_alias);
  m.impl("unfold", at::native::unfold);
  m.impl("alias", at::native::alias);
  m.impl("set_.source_Storage_storage_offset", set_storage);
  m.impl("copy_", copy);
  m.impl("_local_scalar_dense", read_number);
  m.impl("record_stream", record_stream);
}

namespace {

/// libtorch asks this before any operator is dispatched.
const int attention_chooser = [] {
  at::native::_fused_sdp_choice_stub.set_cuda_dispatch_ptr(&attention_kind);
  return 0;
}();

}  // namespace
}  // namespace realface::stand_in
