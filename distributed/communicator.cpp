#include "distributed/communicator.h"

#include <ATen/ops/zeros.h>
#include <unistd.h>

namespace realface::distributed {

torch::Tensor Communicator::allocate(int64_t elements, const torch::TensorOptions& options) {
  return at::zeros({elements}, options);
}

void check_operand(const Communicator& group, const char* operation, const torch::Tensor& tensor,
                   torch::DeviceType device) {
  std::string fault;
  if (!tensor.defined()) {
    fault = "an undefined tensor";
  } else if (tensor.device().type() != device) {
    fault = "a tensor on " + tensor.device().str() + "; pass one on " + c10::DeviceTypeName(device, true);
  } else if (!tensor.is_contiguous()) {
    fault = "a tensor with gaps or another order of dimensions; call contiguous() first";
  }
  if (!fault.empty()) {
    throw CommunicatorError("[" + group.backend() + "] " + whereabouts(group.rank()) + ": " + operation +
                            " was given " + fault);
  }
}

void check_root(const Communicator& group, int root) {
  if (root >= 0 && root < group.size()) { return; }
  throw CommunicatorError("[" + group.backend() + "] " + whereabouts(group.rank()) + ": broadcast from rank " +
                          std::to_string(root) + " of " + std::to_string(group.size()) + "; ranks are numbered from 0");
}

std::string whereabouts(int rank) {
  char host[256] = "unknown host";
  ::gethostname(host, sizeof(host) - 1);
  return "rank " + std::to_string(rank) + " (" + host + ")";
}

}  // namespace realface::distributed
