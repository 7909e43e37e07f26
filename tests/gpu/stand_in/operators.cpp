// libtorch's operators for tensors of the stand-in, whose memory is the host's: computed by their CPU kernels on
// tensors that share the memory. Views, copies and what has no such kernel have ones of their own.

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_strided.h>
#include <ATen/ops/from_blob.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/library.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/gpu/stand_in/host_view.h"
#include "tests/gpu/stand_in/parts.h"

namespace realface::stand_in {

at::Tensor on_host(const at::Tensor& tensor) {
  const auto options = tensor.options().device(at::kCPU).pinned_memory(false);
  if (tensor.numel() == 0) { return at::empty(tensor.sizes(), options); }
  return at::from_blob(tensor.data_ptr(), tensor.sizes(), tensor.strides(), options);
}

at::Tensor on_device(const at::Tensor& host, c10::Device device) {
  const auto made = at::empty_strided(host.sizes(), host.strides(), host.options().device(device));
  on_host(made).copy_(host);
  return made;
}

namespace {

using c10::IValue;

/// A tensor of the stand-in, and the one of the host that shares its memory.
struct Pair {
  at::Tensor device, host;
};

/// One call of an operator: its arguments brought to the host, its results back.
class HostCall {
 public:
  explicit HostCall(const c10::OperatorHandle& op) : op_(op) {}

  void run(torch::jit::Stack& stack) {
    const auto arguments = torch::jit::last(stack, op_.schema().arguments().size());
    const size_t first = stack.size() - arguments.size();
    for (size_t i = first; i < stack.size(); ++i) { stack[i] = to_host(stack[i]); }
    try {
      op_.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), &stack);
    } catch (const c10::Error& error) {
      TORCH_CHECK(false, "stand-in: ", op_.schema().name(), ".", op_.schema().overload_name(), ": ",
                  error.what_without_backtrace());
    }
    for (const auto& pair : pairs_) { follow_resize(pair); }
    const size_t results = op_.schema().returns().size();
    for (size_t i = stack.size() - results; i < stack.size(); ++i) { stack[i] = to_device(stack[i]); }
  }

 private:
  at::Tensor tensor_to_host(const at::Tensor& tensor) {
    if (!tensor.defined() || !tensor.is_cuda()) { return tensor; }
    device_ = tensor.device();
    pairs_.push_back({tensor, on_host(tensor)});
    return pairs_.back().host;
  }

  IValue to_host(const IValue& value) {
    if (value.isTensor()) { return tensor_to_host(value.toTensor()); }
    if (value.isDevice() && value.toDevice().is_cuda()) {
      device_ = value.toDevice();
      return c10::Device(at::kCPU);
    }
    if (value.isTensorList()) {
      c10::List<at::Tensor> list;
      for (const at::Tensor& tensor : value.toTensorVector()) { list.push_back(tensor_to_host(tensor)); }
      return list;
    }
    if (value.isOptionalTensorList()) {
      c10::List<std::optional<at::Tensor>> list;
      for (const auto& tensor : value.toOptionalTensorVector()) {
        list.push_back(tensor ? std::optional(tensor_to_host(*tensor)) : std::nullopt);
      }
      return list;
    }
    return value;
  }

  /// An empty output that the kernel has given a size.
  static void follow_resize(const Pair& pair) {
    if (pair.host.sizes() == pair.device.sizes()) { return; }
    pair.device.resize_(pair.host.sizes());
    on_host(pair.device).copy_(pair.host);
  }

  at::Tensor tensor_to_device(const at::Tensor& result) {
    if (!result.defined()) { return result; }
    for (const auto& pair : pairs_) {
      if (result.is_same(pair.host)) { return pair.device; }
    }
    for (const auto& pair : pairs_) {
      TORCH_CHECK(!result.is_alias_of(pair.host), "stand-in: ", op_.schema().name(),
                  " returns a view; give it a kernel of its own in tensors.cpp");
    }
    return on_device(result, device_);
  }

  IValue to_device(const IValue& value) {
    if (value.isTensor()) { return tensor_to_device(value.toTensor()); }
    if (value.isTensorList()) {
      c10::List<at::Tensor> list;
      for (const at::Tensor& tensor : value.toTensorVector()) { list.push_back(tensor_to_device(tensor)); }
      return list;
    }
    return value;
  }

  const c10::OperatorHandle& op_;
  c10::Device device_ = c10::Device(at::kCUDA, c10::cuda::current_device());
  std::vector<Pair> pairs_;
};

bool is_mask(const std::optional<at::Tensor>& index) {
  return index && index->defined() && (index->scalar_type() == at::kBool || index->scalar_type() == at::kByte);
}

/// Whether the CUDA kernel waits for the device, because its result's size stands there.
bool waits(const std::string& name, const torch::jit::Stack& stack) {
  static const std::set<std::string> known{"aten::nonzero",  "aten::masked_select",      "aten::_unique",
                                           "aten::_unique2", "aten::unique_consecutive", "aten::unique_dim",
                                           "aten::equal",    "aten::bincount",           "aten::repeat_interleave"};
  if (known.contains(name)) { return true; }
  if (!name.starts_with("aten::index") && !name.starts_with("aten::_index_put")) { return false; }
  return std::ranges::any_of(stack, [](const IValue& value) {
    return value.isOptionalTensorList() && std::ranges::any_of(value.toOptionalTensorVector(), is_mask);
  });
}

void run_on_host(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  count(&Counts::kernels);
  if (waits(op.schema().name(), *stack)) { c10::cuda::stream_synchronize(c10::cuda::getCurrentCUDAStream()); }
  HostCall(op).run(*stack);
}

}  // namespace

TORCH_LIBRARY_IMPL(_, CUDA, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&run_on_host>()); }

// Made of other operators by default, which would choose kernels that only libtorch_cuda has.
TORCH_LIBRARY_IMPL(aten, CUDA, m) {
  for (const char* name : {"convolution", "convolution_backward", "mse_loss"}) {
    m.impl(name, torch::CppFunction::makeFromBoxedFunction<&run_on_host>());
  }
}

}  // namespace realface::stand_in
