#include "distributed/mpi/communicator.h"

#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <atomic>
#include <functional>

#include "distributed/mpi/calls.h"
#include "distributed/mpi/communication_thread.h"
#include "distributed/mpi/node_channel.h"
#include "distributed/mpi/posts.h"

namespace realface::distributed {
namespace {

using Requests = std::vector<MPI_Request>;

/// A collective made of MPI's nonblocking calls.
class MpiOperation : public Operation {
 public:
  MpiOperation(std::string what, std::vector<torch::Tensor> tensors, std::function<void(Requests&)> post,
               std::function<void()> deliver = {})
      : Operation(std::move(what), std::move(tensors)), post_(std::move(post)), deliver_(std::move(deliver)) {}

  void start() override { post_(requests_); }
  bool advance() override;
  bool polls() const override { return true; }

 protected:
  void deliver() override {
    if (deliver_) { deliver_(); }
  }

 private:
  std::function<void(Requests&)> post_;
  std::function<void()> deliver_;
  Requests requests_;
};

bool MpiOperation::advance() {
  int flag = 0;
  std::vector<MPI_Status> statuses(requests_.size());
  const int code = MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &flag, statuses.data());
  if (code == MPI_ERR_IN_STATUS) {
    for (const auto& status : statuses) { check_mpi(status.MPI_ERROR, what()); }
  }
  check_mpi(code, what());
  return flag != 0;
}

/// A sum in the node's shared memory, see NodeChannel.
class NodeOperation : public Operation {
 public:
  NodeOperation(std::string what, std::vector<torch::Tensor> tensors, NodeChannel& channel,
                NodeChannel::Reduction reduction)
      : Operation(std::move(what), std::move(tensors)), channel_(channel), reduction_(std::move(reduction)) {}

  void start() override {}
  bool advance() override { return channel_.advance(reduction_); }
  bool polls() const override { return false; }

 private:
  NodeChannel& channel_;
  const NodeChannel::Reduction reduction_;
};

class MpiCommunicator : public Communicator {
 public:
  MpiCommunicator(const MpiCommunicatorConfig& config, std::shared_ptr<CollectiveLog> log)
      : config_(config),
        log_(std::move(log)),
        threads_group_(MPI_COMM_WORLD),
        callers_group_(MPI_COMM_WORLD),
        channel_(open_channel()),
        thread_(channel_ ? channel_->bell() : Doorbell(own_bell_), log_) {}

  int rank() const override { return threads_group_.rank(); }
  int size() const override { return threads_group_.size(); }
  std::string backend() const override { return "mpi"; }

  Pending all_reduce(torch::Tensor tensor, ReduceOp op) override;
  Pending broadcast(torch::Tensor tensor, int root) override;
  Pending all_gather(torch::Tensor output, torch::Tensor input) override;
  Pending reduce_scatter(torch::Tensor output, torch::Tensor input, ReduceOp op) override;
  Pending barrier() override;
  torch::Tensor allocate(int64_t elements, const torch::TensorOptions& options) override;

 private:
  std::unique_ptr<NodeChannel> open_channel();
  std::string what(const char* operation, const torch::Tensor& tensor) const;
  Pending submit(std::shared_ptr<Operation> operation, const char* name, int64_t bytes);
  Pending sum_on_node(const torch::Tensor& tensor, NodeChannel::Reduction reduction);
  void check_sizes(const char* operation, const torch::Tensor& larger, const torch::Tensor& smaller) const;
  MpiPosts posts() const { return {threads_group_.get(), rank(), size(), config_.chunk_elements}; }

  const MpiCommunicatorConfig config_;
  const std::shared_ptr<CollectiveLog> log_;
  const MpiGroup threads_group_;  // the communication thread's alone
  const MpiGroup callers_group_;  // for allocate()
  const std::unique_ptr<NodeChannel> channel_;
  std::atomic<uint32_t> own_bell_{0};
  CommunicationThread thread_;
};

std::unique_ptr<NodeChannel> MpiCommunicator::open_channel() {
  if (!config_.node_memory) { return nullptr; }
  const MpiGroup node = MpiGroup::of_node(callers_group_.get());
  // Every rank comes to the same decision: where one node holds all ranks, it does so for each.
  return node.size() == size() ? NodeChannel::open(callers_group_) : nullptr;
}

std::string MpiCommunicator::what(const char* operation, const torch::Tensor& tensor) const {
  return std::string(operation) + " of " + std::to_string(tensor.numel()) + " " + c10::toString(tensor.scalar_type());
}

Pending MpiCommunicator::submit(std::shared_ptr<Operation> operation, const char* name, int64_t bytes) {
  if (log_ != nullptr) { operation->sequence = log_->begin(name, bytes); }
  thread_.submit(operation);
  return operation;
}

Pending MpiCommunicator::sum_on_node(const torch::Tensor& tensor, NodeChannel::Reduction reduction) {
  channel_->post(reduction);
  return submit(
      std::make_shared<NodeOperation>(what("all_reduce", tensor), std::vector{tensor}, *channel_, std::move(reduction)),
      "all_reduce", static_cast<int64_t>(tensor.nbytes()));
}

Pending MpiCommunicator::all_reduce(torch::Tensor tensor, ReduceOp op) {
  check_operand(*this, "all_reduce", tensor, torch::kCPU);
  if (channel_ != nullptr && op == ReduceOp::sum) {
    if (auto reduction = channel_->reduction_of(tensor)) { return sum_on_node(tensor, std::move(*reduction)); }
  }

  const auto staged = staged_for_sums(tensor);
  auto operation = std::make_shared<MpiOperation>(
      what("all_reduce", tensor), std::vector{tensor, staged},
      [posts = posts(), staged, op](auto& requests) { posts.all_reduce(requests, staged, op); },
      [tensor, staged] {
        if (!staged.is_same(tensor)) { tensor.copy_(staged); }
      });
  return submit(std::move(operation), "all_reduce", static_cast<int64_t>(tensor.nbytes()));
}

Pending MpiCommunicator::broadcast(torch::Tensor tensor, int root) {
  check_operand(*this, "broadcast", tensor, torch::kCPU);
  check_root(*this, root);
  auto operation = std::make_shared<MpiOperation>(
      what("broadcast", tensor), std::vector{tensor},
      [posts = posts(), tensor, root](auto& requests) { posts.broadcast(requests, tensor, root); });
  return submit(std::move(operation), "broadcast", static_cast<int64_t>(tensor.nbytes()));
}

Pending MpiCommunicator::all_gather(torch::Tensor output, torch::Tensor input) {
  check_operand(*this, "all_gather", output, torch::kCPU);
  check_operand(*this, "all_gather", input, torch::kCPU);
  check_sizes("all_gather", output, input);
  auto operation = std::make_shared<MpiOperation>(
      what("all_gather", input), std::vector{output, input},
      [posts = posts(), output, input](auto& requests) { posts.all_gather(requests, output, input); });
  return submit(std::move(operation), "all_gather", static_cast<int64_t>(output.nbytes()));
}

Pending MpiCommunicator::reduce_scatter(torch::Tensor output, torch::Tensor input, ReduceOp op) {
  check_operand(*this, "reduce_scatter", output, torch::kCPU);
  check_operand(*this, "reduce_scatter", input, torch::kCPU);
  check_sizes("reduce_scatter", input, output);
  const auto staged_input = staged_for_sums(input);
  const auto staged_output = staged_for_sums(output);
  auto operation = std::make_shared<MpiOperation>(
      what("reduce_scatter", input), std::vector{output, input, staged_output, staged_input},
      [posts = posts(), staged_output, staged_input, op](auto& requests) {
        posts.reduce_scatter(requests, staged_output, staged_input, op);
      },
      [output, staged_output] {
        if (!staged_output.is_same(output)) { output.copy_(staged_output); }
      });
  return submit(std::move(operation), "reduce_scatter", static_cast<int64_t>(input.nbytes()));
}

Pending MpiCommunicator::barrier() {
  auto operation = std::make_shared<MpiOperation>("barrier", std::vector<torch::Tensor>{},
                                                  [posts = posts()](auto& requests) { posts.barrier(requests); });
  return submit(std::move(operation), "barrier", 0);
}

torch::Tensor MpiCommunicator::allocate(int64_t elements, const torch::TensorOptions& options) {
  const auto bytes = static_cast<size_t>(elements) * options.dtype().itemsize();
  if (channel_ == nullptr || bytes == 0) { return Communicator::allocate(elements, options); }
  const LoggedCollective logged(log_, "allocate", static_cast<int64_t>(bytes));  // it blocks: the watchdog looks on
  auto memory = channel_->allocate(callers_group_, bytes);
  if (memory == nullptr) { return Communicator::allocate(elements, options); }
  // The tensor keeps the mapping alive.
  return at::from_blob(
      memory->of(rank()), {elements}, [memory](void*) {}, options);
}

void MpiCommunicator::check_sizes(const char* operation, const torch::Tensor& larger,
                                  const torch::Tensor& smaller) const {
  if (larger.scalar_type() == smaller.scalar_type() && larger.numel() == smaller.numel() * size()) { return; }
  throw CommunicatorError("[mpi] " + whereabouts(rank()) + ": " + what(operation, larger) + " against " +
                          what("", smaller) + "; expected one type and " + std::to_string(size()) +
                          " times as many elements, one part a rank");
}

}  // namespace

std::unique_ptr<Communicator> make_mpi_communicator(const MpiCommunicatorConfig& config,
                                                    std::shared_ptr<CollectiveLog> log) {
  return std::make_unique<MpiCommunicator>(config, std::move(log));
}

}  // namespace realface::distributed
