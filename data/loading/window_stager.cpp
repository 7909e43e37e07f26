#include "data/loading/window_stager.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"

namespace realface::data {
namespace {

constexpr size_t kPiece = 4 << 20;

/// What of `range` none of `others` covers; they come in the order in which they lie.
std::vector<FileRange> uncovered(FileRange range, const std::vector<FileRange>& others) {
  std::vector<FileRange> rest;
  for (const FileRange& other : others) {
    if (other.shard != range.shard || other.end <= range.begin || other.begin >= range.end) { continue; }
    if (other.begin > range.begin) { rest.push_back({range.shard, range.begin, other.begin}); }
    range.begin = std::min(other.end, range.end);
  }
  if (range.begin < range.end) { rest.push_back(range); }
  return rest;
}

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
    for (const uint64_t window : {now, now + 1}) {
      if (known_.insert({number, window}).second) {
        wanted_.emplace_back(number, window);
        more = true;
      }
    }
    // The window before may still be read from by the updates under way.
    for (auto known = known_.begin(); known != known_.end();) {
      const bool old = known->first == number && known->second + 1 < now;
      if (old && std::erase(wanted_, *known) == 0) { over_.push_back(*known); }
      more = more || old;
      known = old ? known_.erase(known) : std::next(known);
    }
  }
  if (more) { wake_.notify_all(); }
}

uint64_t WindowStager::bytes_read() const {
  const std::lock_guard hold(mutex_);
  return bytes_read_;
}

bool WindowStager::still_known(const Job& job) const {
  const std::lock_guard hold(mutex_);
  return !stop_ && known_.contains(job);
}

std::vector<uint64_t> WindowStager::blocks_of(const Job& job) {
  std::vector<uint64_t> mine;
  const std::vector<uint64_t> blocks = blocks_.shuffle_of(job.first).blocks_of(job.second);
  for (size_t i = static_cast<size_t>(local_rank_); i < blocks.size(); i += static_cast<size_t>(local_size_)) {
    mine.push_back(blocks[i]);
  }
  return mine;
}

/// Read and thrown away: the kernel's own read-ahead stops at the device's limit, far below a block.
void WindowStager::stage(const Job& job) {
  std::vector<std::byte> piece(kPiece);
  for (const uint64_t block : blocks_of(job)) {
    if (!still_known(job)) {
      return;  // training has overtaken it
    }
    for (const FileRange& extent : items_->extents_of(job.first, block)) {
      for (uint64_t at = extent.begin; at < extent.end; at += kPiece) {
        const size_t size = std::min<uint64_t>(kPiece, extent.end - at);
        try {
          dataset_->file(extent.shard).read(at, piece.data(), size);
        } catch (const DataError& error) {
          log::warn(std::string("while reading ahead: ") + error.what());  // whoever needs a frame there says more
          break;
        }
        const std::lock_guard hold(mutex_);
        bytes_read_ += size;
      }
    }
  }
}

/// What windows in use hold too stays: blocks that are drawn again where an epoch ends, and other classes' bytes, which
/// lie between this one's.
void WindowStager::drop(const Job& job) {
  std::set<Job> known;
  {
    const std::lock_guard hold(mutex_);
    known = known_;
  }
  std::vector<FileRange> needed;
  for (const auto& [number, window] : known) {
    for (const uint64_t block : blocks_.shuffle_of(number).blocks_of(window)) {
      std::ranges::copy(items_->extents_of(number, block), std::back_inserter(needed));
    }
  }
  std::ranges::sort(needed, {}, &FileRange::begin);
  for (const uint64_t block : blocks_of(job)) {
    for (const FileRange& extent : items_->extents_of(job.first, block)) {
      for (const FileRange& range : uncovered(extent, needed)) {
        dataset_->file(range.shard).forget(range.begin, range.size());
      }
    }
  }
}

void WindowStager::work() {
  std::unique_lock hold(mutex_);
  while (true) {
    wake_.wait(hold, [this] { return stop_ || !wanted_.empty() || !over_.empty(); });
    if (stop_) { return; }
    const bool old = !over_.empty();
    auto& queue = old ? over_ : wanted_;
    const Job job = queue.front();
    queue.erase(queue.begin());
    hold.unlock();
    if (old) {
      drop(job);
    } else {
      stage(job);
    }
    hold.lock();
  }
}

}  // namespace realface::data
