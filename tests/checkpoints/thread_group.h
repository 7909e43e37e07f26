#pragma once

#include <barrier>
#include <memory>
#include <thread>
#include <vector>

#include "distributed/communicator.h"

/// N ranks as threads of one process, for tests of what happens between world sizes.
namespace realface::checkpoints::fake {

struct Meeting {
  explicit Meeting(int size) : tensors(static_cast<size_t>(size)), gate(size) {}
  std::vector<torch::Tensor> tensors;
  std::barrier<> gate;
};

class Finished : public distributed::Work {
 public:
  void wait() override {}
  bool done() const override { return true; }
};

class ThreadRank : public distributed::Communicator {
 public:
  ThreadRank(Meeting& meeting, int rank) : meeting_(meeting), rank_(rank) {}
  int rank() const override { return rank_; }
  int size() const override { return static_cast<int>(meeting_.tensors.size()); }
  std::string backend() const override { return "threads"; }

  distributed::Pending all_reduce(torch::Tensor tensor, distributed::ReduceOp op) override {
    const auto all = at::stack(meet(tensor.clone()));
    if (op == distributed::ReduceOp::sum) {
      tensor.copy_(all.sum(0));
    } else {
      tensor.copy_(op == distributed::ReduceOp::max ? all.amax(0) : all.amin(0));
    }
    return leave();
  }
  distributed::Pending broadcast(torch::Tensor tensor, int root) override {
    tensor.copy_(meet(tensor.clone())[static_cast<size_t>(root)]);
    return leave();
  }
  distributed::Pending all_gather(torch::Tensor output, torch::Tensor input) override {
    output.copy_(at::cat(meet(input.flatten().clone())).view(output.sizes()));
    return leave();
  }
  distributed::Pending reduce_scatter(torch::Tensor output, torch::Tensor input, distributed::ReduceOp) override {
    const auto sum = at::stack(meet(input.clone())).sum(0).flatten();
    output.copy_(sum.narrow(0, rank_ * output.numel(), output.numel()).view(output.sizes()));
    return leave();
  }
  distributed::Pending barrier() override {
    meeting_.gate.arrive_and_wait();
    return leave();
  }

 private:
  /// Everybody's tensor; valid until `leave`.
  const std::vector<torch::Tensor>& meet(torch::Tensor mine) {
    meeting_.tensors[static_cast<size_t>(rank_)] = std::move(mine);
    meeting_.gate.arrive_and_wait();
    return meeting_.tensors;
  }
  distributed::Pending leave() {
    meeting_.gate.arrive_and_wait();
    return std::make_shared<Finished>();
  }

  Meeting& meeting_;
  int rank_;
};

/// Runs `work(communicator)` on every rank.
template <class Work>
void with_ranks(int size, const Work& work) {
  Meeting meeting(size);
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      ThreadRank communicator(meeting, rank);
      work(communicator);
    });
  }
}

}  // namespace realface::checkpoints::fake
