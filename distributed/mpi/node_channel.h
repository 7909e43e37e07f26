#pragma once

#include <torch/types.h>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "distributed/mpi/doorbell.h"
#include "distributed/mpi/node_memory.h"

namespace realface::distributed {

/// Sums over the ranks of one node, in memory that all of them map. Each rank adds up its share of the elements, always
/// in rank order (so the result is the same bits on every rank and in every run), and writes it to every rank's
/// copy: each gradient crosses the memory bus about twice, where a message-passing reduction copies it several times.
/// That matters since the communication thread shares a core with a compute thread.
///
/// The ranks tell each other by two counters each: reductions whose operands are ready ("arrived"), and reductions of
/// which the own share is written ("finished"). Operands are posted and reduced in the same order on every rank.
class NodeChannel {
 public:
  /// What is to be summed: the same on every rank.
  struct Reduction {
    std::shared_ptr<NodeMemory> memory;
    size_t offset = 0;  // of the first element in every rank's block, bytes
    int64_t elements = 0;
    torch::Dtype dtype = torch::kFloat32;
    uint64_t number = 0;  // 1 for the channel's first; post() gives it
  };

  /// Collective over ranks that share a node; null on every rank where the node's memory cannot be shared.
  static std::unique_ptr<NodeChannel> open(const MpiGroup& group);

  /// Memory for operands; null on every rank where there is none. Collective.
  std::shared_ptr<NodeMemory> allocate(const MpiGroup& group, size_t bytes);

  /// The reduction for a tensor's data where all of it lies in memory of this channel and its type is fp32 or fp64.
  std::optional<Reduction> reduction_of(const torch::Tensor& tensor);

  /// Tells the others that the operand is ready. Throws CommunicatorError when too many are under way.
  void post(Reduction& reduction);

  /// Adds up this rank's share as soon as it is this reduction's turn and every rank's operand is ready; whether every
  /// rank's share is written. Ask until it is. Reductions are taken strictly one after the other, in the order of
  /// post(), whatever order they are asked for in: a counter that says n says so of all before n too. Throws
  /// CommunicatorError, once and on every rank, where ranks posted different ones; later reductions go on.
  bool advance(const Reduction& reduction);

  /// This rank's bell, rung by others' arrivals and shares, and by whoever has work for the communication thread.
  Doorbell& bell() { return bells_[static_cast<size_t>(rank_)]; }

 private:
  static constexpr size_t kRing = 1024;
  struct alignas(64) Control {
    std::atomic<uint32_t> bell;
    alignas(64) std::atomic<uint64_t> arrived;
    alignas(64) std::atomic<uint64_t> finished;
    alignas(64) std::array<uint64_t, kRing> signatures;
  };

  NodeChannel(int rank, std::shared_ptr<NodeMemory> controls);
  Control& control(int rank) const { return *reinterpret_cast<Control*>(controls_->of(rank)); }
  bool is_turn_of(const Reduction& reduction) const;
  std::optional<int> rank_with_another(const Reduction& reduction) const;
  void sum_share(const Reduction& reduction);
  uint64_t least(std::atomic<uint64_t> Control::*counter) const;
  void ring_all();

  const int rank_;
  const std::shared_ptr<NodeMemory> controls_;
  std::vector<Doorbell> bells_;
  uint64_t posted_ = 0;
  mutable std::mutex mutex_;  // guards memories_
  std::vector<std::weak_ptr<NodeMemory>> memories_;
};

}  // namespace realface::distributed
