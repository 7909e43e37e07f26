#include "distributed/nccl/communicator.h"

#include <cstring>
#include <utility>

#include "distributed/agreement.h"
#include "distributed/nccl/stream.h"

namespace realface::distributed {
namespace {

ncclDataType_t type_of(const torch::Tensor& tensor) {
  switch (tensor.scalar_type()) {
    case torch::kFloat32:
      return ncclFloat32;
    case torch::kFloat64:
      return ncclFloat64;
    case torch::kBFloat16:
      return ncclBfloat16;
    case torch::kHalf:
      return ncclFloat16;
    case torch::kInt64:
      return ncclInt64;
    case torch::kInt32:
      return ncclInt32;
    case torch::kInt8:
      return ncclInt8;
    case torch::kUInt8:
      return ncclUint8;
    default:
      throw CommunicatorError(std::string("[nccl] tensors of type ") + c10::toString(tensor.scalar_type()) +
                              " cannot be reduced; convert to a floating-point or integer type");
  }
}

ncclRedOp_t op_of(ReduceOp op) {
  switch (op) {
    case ReduceOp::min:
      return ncclMin;
    case ReduceOp::max:
      return ncclMax;
    case ReduceOp::sum:
      break;
  }
  return ncclSum;
}

size_t count(const torch::Tensor& tensor) { return static_cast<size_t>(tensor.numel()); }
int64_t bytes(const torch::Tensor& tensor) { return static_cast<int64_t>(tensor.nbytes()); }

class NcclCommunicator : public Communicator {
 public:
  NcclCommunicator(Communicator& host, const NcclCommunicatorConfig& config, const ncclUniqueId& id,
                   torch::Tensor token, std::shared_ptr<CollectiveLog> log)
      : rank_(host.rank()),
        size_(host.size()),
        token_(std::move(token)),
        stream_(id, {rank_, size_, static_cast<c10::DeviceIndex>(config.device)}, config.deadline, std::move(log)) {}

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  std::string backend() const override { return "nccl"; }

  Pending all_reduce(torch::Tensor tensor, ReduceOp op) override {
    check_operand(*this, "all_reduce", tensor, torch::kCUDA);
    return stream_.enqueue("all_reduce", bytes(tensor), {tensor},
                           [&, type = type_of(tensor)](ncclComm_t comm, cudaStream_t stream) {
                             void* data = tensor.data_ptr();
                             return ncclAllReduce(data, data, count(tensor), type, op_of(op), comm, stream);
                           });
  }

  Pending broadcast(torch::Tensor tensor, int root) override {
    check_operand(*this, "broadcast", tensor, torch::kCUDA);
    check_root(*this, root);
    return stream_.enqueue("broadcast", bytes(tensor), {tensor}, [&](ncclComm_t comm, cudaStream_t stream) {
      void* data = tensor.data_ptr();
      return ncclBroadcast(data, data, tensor.nbytes(), ncclUint8, root, comm, stream);
    });
  }

  Pending all_gather(torch::Tensor output, torch::Tensor input) override {
    check_parts("all_gather", output, input);
    return stream_.enqueue("all_gather", bytes(output), {output, input}, [&](ncclComm_t comm, cudaStream_t stream) {
      return ncclAllGather(input.const_data_ptr(), output.data_ptr(), input.nbytes(), ncclUint8, comm, stream);
    });
  }

  Pending reduce_scatter(torch::Tensor output, torch::Tensor input, ReduceOp op) override {
    check_parts("reduce_scatter", input, output);
    return stream_.enqueue("reduce_scatter", bytes(input), {output, input},
                           [&, type = type_of(input)](ncclComm_t comm, cudaStream_t stream) {
                             return ncclReduceScatter(input.const_data_ptr(), output.data_ptr(), count(output), type,
                                                      op_of(op), comm, stream);
                           });
  }

  Pending barrier() override { return all_reduce(token_, ReduceOp::sum); }
  void check() override { stream_.check_alive("what follows"); }

 private:
  void check_parts(const char* operation, const torch::Tensor& larger, const torch::Tensor& smaller) const {
    check_operand(*this, operation, larger, torch::kCUDA);
    check_operand(*this, operation, smaller, torch::kCUDA);
    if (larger.scalar_type() == smaller.scalar_type() && larger.numel() == smaller.numel() * size_) { return; }
    throw CommunicatorError("[nccl] " + whereabouts(rank_) + ": " + operation + " of " +
                            std::to_string(larger.numel()) + " elements in parts of " +
                            std::to_string(smaller.numel()) + "; expected one type and one part for each of " +
                            std::to_string(size_) + " ranks");
  }

  const int rank_, size_;
  const torch::Tensor token_;
  NcclStream stream_;
};

}  // namespace

std::unique_ptr<Communicator> make_nccl_communicator(Communicator& host, const NcclCommunicatorConfig& config,
                                                     std::shared_ptr<CollectiveLog> log) {
  ncclUniqueId id{};
  ncclResult_t code = ncclSuccess;
  if (host.rank() == 0) { code = ncclGetUniqueId(&id); }
  // Sent whether or not there is one: an empty id fails everywhere instead of leaving the others waiting.
  const auto text = torch::zeros({static_cast<int64_t>(sizeof(id)) + 1}, torch::kUInt8);
  std::memcpy(text.data_ptr(), &id, sizeof(id));
  text[-1] = code == ncclSuccess ? 1 : 0;
  host.broadcast(text, 0)->wait();
  std::memcpy(&id, text.const_data_ptr(), sizeof(id));
  if (text[-1].item<int64_t>() == 0) {
    throw CommunicatorError("[nccl] " + whereabouts(host.rank()) + ": rank 0 got no unique id" +
                            (code == ncclSuccess ? "" : std::string(": ") + ncclGetErrorString(code)) +
                            "; set NCCL_DEBUG=INFO to see more");
  }
  // The first memory on the GPU: where one rank gets none, the others would wait for it inside NCCL.
  torch::Tensor token;
  agree(host, "nccl", [&] {
    const torch::Device device(torch::kCUDA, static_cast<c10::DeviceIndex>(config.device));
    token = torch::zeros({1}, torch::TensorOptions(torch::kFloat32).device(device));
  });
  return std::make_unique<NcclCommunicator>(host, config, id, std::move(token), std::move(log));
}

}  // namespace realface::distributed
