#include "data/window_stager.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"

namespace realface::data {
namespace {

constexpr size_t kPiece = 4 << 20;

}  // namespace

WindowStager::WindowStager(std::shared_ptr<const Dataset> dataset, std::shared_ptr<const Items> items, int local_rank,
                           int local_size)
    : dataset_(std::move(dataset)),
      items_(std::move(items)),
      local_rank_(local_rank),
      local_size_(local_size),
      order_(items_->order()),
      blocks_(items_->order()),
      thread_([this] { work(); }) {}

WindowStager::~WindowStager() {
  {
    const std::lock_guard hold(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void WindowStager::reach(uint64_t position) {
  const std::lock_guard hold(mutex_);
  bool more = false;
  for (size_t number = 0; number < items_->order().classes.size(); ++number) {
    Shuffle& shuffle = order_.shuffle_of(number);
    const uint64_t now = shuffle.window_of(order_.drawn_before(number, position));
    for (const uint64_t window : {now, now + 1})
      if (known_.insert({number, window}).second) {
        wanted_.emplace_back(number, window);
        more = true;
      }
    // The window before may still be read from by the updates under way.
    for (auto known = known_.begin(); known != known_.end();) {
      const bool old = known->first == number && known->second + 1 < now;
      if (old) over_.push_back(*known);
      more = more || old;
      known = old ? known_.erase(known) : std::next(known);
    }
  }
  if (more) wake_.notify_all();
}

uint64_t WindowStager::bytes_read() const {
  const std::lock_guard hold(mutex_);
  return bytes_read_;
}

std::vector<Items::BlockBytes> WindowStager::blocks_of(const Job& job) {
  std::vector<Items::BlockBytes> mine;
  const std::vector<uint64_t> blocks = blocks_.shuffle_of(job.first).blocks_of(job.second);
  for (size_t i = static_cast<size_t>(local_rank_); i < blocks.size(); i += static_cast<size_t>(local_size_))
    mine.push_back(items_->bytes_of(job.first, blocks[i]));
  return mine;
}

/// Read and thrown away: the kernel's own read-ahead stops at the device's limit, far below a block.
void WindowStager::stage(const Job& job) {
  std::vector<std::byte> piece(kPiece);
  for (const Items::BlockBytes& block : blocks_of(job))
    for (uint64_t at = block.begin; at < block.end; at += kPiece) {
      const size_t size = std::min<uint64_t>(kPiece, block.end - at);
      try {
        dataset_->file(block.shard).read(at, piece.data(), size);
      } catch (const DataError& error) {
        log::warn(std::string("while reading ahead: ") + error.what());  // whoever needs a frame there will say more
        break;
      }
      const std::lock_guard hold(mutex_);
      bytes_read_ += size;
      if (stop_) return;
    }
}

void WindowStager::drop(const Job& job) {
  for (const Items::BlockBytes& block : blocks_of(job))
    dataset_->file(block.shard).forget(block.begin, block.end - block.begin);
}

void WindowStager::work() {
  std::unique_lock hold(mutex_);
  while (true) {
    wake_.wait(hold, [this] { return stop_ || !wanted_.empty() || !over_.empty(); });
    if (stop_) return;
    const bool old = !over_.empty();
    auto& queue = old ? over_ : wanted_;
    const Job job = queue.front();
    queue.erase(queue.begin());
    hold.unlock();
    if (old)
      drop(job);
    else
      stage(job);
    hold.lock();
  }
}

}  // namespace realface::data
