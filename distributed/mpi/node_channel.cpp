#include "distributed/mpi/node_channel.h"

#include <algorithm>
#include <cstring>

#include "distributed/communicator.h"
#include "distributed/mpi/calls.h"

namespace realface::distributed {
namespace {

/// Sums elements [first, last) over the ranks' copies into every copy. Blocks of this size stay in the first-level
/// cache while they are added up and written back.
template <class T>
void sum_into_all(const NodeMemory& memory, size_t offset, int64_t first, int64_t last) {
  constexpr int64_t kBlock = 2048;
  std::array<T, kBlock> sums;
  for (int64_t begin = first; begin < last; begin += kBlock) {
    const auto count = static_cast<size_t>(std::min(kBlock, last - begin));
    const size_t start = offset + static_cast<size_t>(begin) * sizeof(T);
    std::memcpy(sums.data(), memory.of(0) + start, count * sizeof(T));
    for (int rank = 1; rank < memory.ranks(); ++rank) {
      const T* source = reinterpret_cast<const T*>(memory.of(rank) + start);
      for (size_t i = 0; i < count; ++i) { sums[i] += source[i]; }
    }
    for (int rank = 0; rank < memory.ranks(); ++rank) {
      std::memcpy(memory.of(rank) + start, sums.data(), count * sizeof(T));
    }
  }
}

/// Whole cache lines for each rank, so that no two write to one.
int64_t share_begin(int64_t elements, int rank, int ranks) {
  constexpr int64_t kLine = 16;
  const int64_t lines = (elements + kLine - 1) / kLine;
  return std::min(elements, lines * rank / ranks * kLine);
}

uint64_t signature(const NodeChannel::Reduction& reduction) {
  const auto offset = static_cast<uint64_t>(reduction.offset);
  const auto elements = static_cast<uint64_t>(reduction.elements);
  return (offset * 0x9E3779B97F4A7C15ULL) ^ (elements * 2 + (reduction.dtype == torch::kFloat64 ? 1 : 0));
}

}  // namespace

NodeChannel::NodeChannel(int rank, std::shared_ptr<NodeMemory> controls) : rank_(rank), controls_(std::move(controls)) {
  for (int other = 0; other < controls_->ranks(); ++other) { bells_.emplace_back(control(other).bell); }
}

std::unique_ptr<NodeChannel> NodeChannel::open(const MpiGroup& group) {
  auto controls = NodeMemory::allocate(group, sizeof(Control));
  if (controls == nullptr) { return nullptr; }
  return std::unique_ptr<NodeChannel>(new NodeChannel(group.rank(), std::move(controls)));
}

std::shared_ptr<NodeMemory> NodeChannel::allocate(const MpiGroup& group, size_t bytes) {
  auto memory = NodeMemory::allocate(group, bytes);
  const std::lock_guard lock(mutex_);
  std::erase_if(memories_, [](const auto& old) { return old.expired(); });
  if (memory != nullptr) { memories_.push_back(memory); }
  return memory;
}

std::optional<NodeChannel::Reduction> NodeChannel::reduction_of(const torch::Tensor& tensor) {
  if (tensor.scalar_type() != torch::kFloat32 && tensor.scalar_type() != torch::kFloat64) { return std::nullopt; }
  const auto* address = static_cast<const std::byte*>(tensor.const_data_ptr());
  const std::lock_guard lock(mutex_);
  for (const auto& candidate : memories_) {
    auto memory = candidate.lock();
    if (memory == nullptr || tensor.numel() == 0 || !memory->holds(address)) { continue; }
    const auto offset = static_cast<size_t>(address - memory->of(rank_));
    return Reduction{std::move(memory), offset, tensor.numel(), tensor.scalar_type()};
  }
  return std::nullopt;
}

void NodeChannel::post(Reduction& reduction) {
  if (posted_ - least(&Control::finished) >= kRing) {
    throw CommunicatorError("[mpi] " + whereabouts(rank_) + ": more than " + std::to_string(kRing) +
                            " reductions under way; wait for some of them");
  }
  reduction.number = ++posted_;
  auto& mine = control(rank_);
  mine.signatures[reduction.number % kRing] = signature(reduction);
  mine.arrived.store(reduction.number, std::memory_order_release);
  ring_all();
}

bool NodeChannel::advance(const Reduction& reduction) {
  if (is_turn_of(reduction)) {
    const auto other = rank_with_another(reduction);
    if (!other) { sum_share(reduction); }
    // Also where it is refused: later ones would wait for it for ever.
    control(rank_).finished.store(reduction.number, std::memory_order_release);
    ring_all();
    if (other) {
      throw CommunicatorError("[mpi] " + whereabouts(rank_) + ": all_reduce of " + std::to_string(reduction.elements) +
                              " elements met another one of rank " + std::to_string(*other) +
                              "; ranks must run the same collectives in the same order");
    }
  }
  return least(&Control::finished) >= reduction.number;
}

/// Whether this rank has passed all earlier ones and not this one, and every operand is ready. Asked about n and then
/// about n + 1, a thread may find n not ready and n + 1 ready a moment later.
bool NodeChannel::is_turn_of(const Reduction& reduction) const {
  const uint64_t passed = control(rank_).finished.load(std::memory_order_relaxed);
  return passed + 1 == reduction.number && least(&Control::arrived) >= reduction.number;
}

std::optional<int> NodeChannel::rank_with_another(const Reduction& reduction) const {
  for (int rank = 0; rank < controls_->ranks(); ++rank) {
    if (control(rank).signatures[reduction.number % kRing] != signature(reduction)) { return rank; }
  }
  return std::nullopt;
}

void NodeChannel::sum_share(const Reduction& reduction) {
  const int64_t first = share_begin(reduction.elements, rank_, controls_->ranks());
  const int64_t last = share_begin(reduction.elements, rank_ + 1, controls_->ranks());
  if (reduction.dtype == torch::kFloat64) {
    sum_into_all<double>(*reduction.memory, reduction.offset, first, last);
  } else {
    sum_into_all<float>(*reduction.memory, reduction.offset, first, last);
  }
}

uint64_t NodeChannel::least(std::atomic<uint64_t> Control::*counter) const {
  uint64_t smallest = ~uint64_t{0};
  for (int rank = 0; rank < controls_->ranks(); ++rank) {
    smallest = std::min(smallest, (control(rank).*counter).load(std::memory_order_acquire));
  }
  return smallest;
}

void NodeChannel::ring_all() {
  for (auto& bell : bells_) { bell.ring(); }
}

}  // namespace realface::distributed
