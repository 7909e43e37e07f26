#include "data/order/shuffle.h"

#include <algorithm>
#include <bit>

#include "base/counter_rng.h"

namespace realface::data {
namespace {

/// Seeds of the two ciphers of a windowed order, apart from that of a global one.
constexpr uint64_t kBlockOrder = 1, kWindowOrder = 2;

/// How many of the ascending `ends` are `value` or less: std::upper_bound without its branches, which no processor can
/// predict for random values (a quarter of a windowed draw's time).
uint64_t count_up_to(const std::vector<uint64_t>& ends, uint64_t value) {
  uint64_t count = 0;
  for (uint64_t step = std::bit_floor(ends.size()); step > 0; step /= 2) {
    const uint64_t next = std::min<uint64_t>(count + step, ends.size());
    count = ends[next - 1] <= value ? next : count;
  }
  return count;
}

}  // namespace

uint64_t Shuffle::windows() const { return (blocks_->count() + blocks_->per_window - 1) / blocks_->per_window; }

Shuffle::Place Shuffle::at(uint64_t draw) {
  const uint64_t epoch = draw / items_, place = draw % items_;
  if (!windowed()) {
    if (!global_ || global_epoch_ != epoch) {
      global_epoch_ = epoch;
      global_.emplace(items_, seed_, epoch);
    }
    return {epoch, global_->at(place)};
  }
  enter_epoch(epoch);
  const uint64_t window = count_up_to(epoch_->first, place) - 1;
  enter_window(epoch, window);
  const uint64_t inside = window_->order.at(place - epoch_->first[window]);
  const uint64_t rank = count_up_to(window_->ends, inside);
  const uint64_t block = epoch_->blocks[window * blocks_->per_window + rank];
  return {epoch, blocks_->first[block] + inside - (rank == 0 ? 0 : window_->ends[rank - 1])};
}

void Shuffle::enter_epoch(uint64_t epoch) {
  if (epoch_ && epoch_->number == epoch) { return; }
  Epoch entered{.number = epoch, .blocks = {}, .first = {}};
  const Permutation order(blocks_->count(), mix({seed_, kBlockOrder}), epoch);
  uint64_t items = 0;
  for (uint64_t i = 0; i < blocks_->count(); ++i) {
    if (i % blocks_->per_window == 0) { entered.first.push_back(items); }
    const uint64_t block = order.at(i);
    entered.blocks.push_back(block);
    items += blocks_->first[block + 1] - blocks_->first[block];
  }
  entered.first.push_back(items);
  epoch_ = std::move(entered);
  window_.reset();
}

void Shuffle::enter_window(uint64_t epoch, uint64_t window) {
  if (window_ && window_->epoch == epoch && window_->number == window) { return; }
  std::vector<uint64_t> ends;
  const uint64_t begin = window * blocks_->per_window;
  const uint64_t end = std::min(begin + blocks_->per_window, blocks_->count());
  uint64_t items = 0;
  for (uint64_t i = begin; i < end; ++i) {
    const uint64_t block = epoch_->blocks[i];
    ends.push_back(items += blocks_->first[block + 1] - blocks_->first[block]);
  }
  window_.emplace(Window{.epoch = epoch,
                         .number = window,
                         .ends = std::move(ends),
                         .order = Permutation(items, mix({seed_, kWindowOrder, window}), epoch)});
}

uint64_t Shuffle::window_of(uint64_t draw) {
  enter_epoch(draw / items_);
  return epoch_->number * windows() + count_up_to(epoch_->first, draw % items_) - 1;
}

std::vector<uint64_t> Shuffle::blocks_of(uint64_t window) {
  enter_epoch(window / windows());
  const uint64_t begin = window % windows() * blocks_->per_window;
  const uint64_t end = std::min(begin + blocks_->per_window, blocks_->count());
  const auto at = [this](uint64_t i) { return epoch_->blocks.begin() + static_cast<std::ptrdiff_t>(i); };
  return {at(begin), at(end)};
}

}  // namespace realface::data
