#include "distributed/self_communicator.h"

namespace realface::distributed {
namespace {

class Done : public Work {
 public:
  void wait() override {}
  bool done() const override { return true; }
};

class SelfCommunicator : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  std::string backend() const override { return "self"; }

  Pending all_reduce(torch::Tensor tensor, ReduceOp) override {
    check_any_device("all_reduce", tensor);
    return done_;
  }
  Pending broadcast(torch::Tensor tensor, int root) override {
    check_any_device("broadcast", tensor);
    check_root(*this, root);
    return done_;
  }
  Pending all_gather(torch::Tensor output, torch::Tensor input) override { return copy("all_gather", output, input); }
  Pending reduce_scatter(torch::Tensor output, torch::Tensor input, ReduceOp) override {
    return copy("reduce_scatter", output, input);
  }
  Pending barrier() override { return done_; }

 private:
  void check_any_device(const char* operation, const torch::Tensor& tensor) const {
    check_operand(*this, operation, tensor, tensor.defined() ? tensor.device().type() : torch::kCPU);
  }

  Pending copy(const char* operation, torch::Tensor output, const torch::Tensor& input) {
    check_any_device(operation, input);
    check_operand(*this, operation, output, input.device().type());
    if (output.numel() != input.numel()) {
      throw CommunicatorError("[self] " + std::string(operation) + ": " + std::to_string(input.numel()) +
                              " elements do not fit " + std::to_string(output.numel()));
    }
    if (output.data_ptr() != input.data_ptr()) { output.view(-1).copy_(input.view(-1)); }
    return done_;
  }

  const Pending done_ = std::make_shared<Done>();
};

}  // namespace

std::unique_ptr<Communicator> make_self_communicator() { return std::make_unique<SelfCommunicator>(); }

}  // namespace realface::distributed
