#include "distributed/watchdog/collective_log.h"

#include <algorithm>

namespace realface::distributed {

std::string CollectiveRecord::text() const {
  return operation + " #" + std::to_string(sequence) + " of " + std::to_string(bytes) + " bytes";
}

uint64_t CollectiveLog::begin(const char* operation, int64_t bytes) {
  const std::lock_guard lock(mutex_);
  // Pending ones stay however old they are: the oldest is the one that hangs.
  while (records_.size() >= kKept && !records_.front().pending) { records_.pop_front(); }
  records_.push_back({.sequence = ++begun_,
                      .operation = operation,
                      .bytes = bytes,
                      .begun = std::chrono::steady_clock::now(),
                      .ended = {},
                      .pending = true});
  return begun_;
}

void CollectiveLog::end(uint64_t sequence) {
  const std::lock_guard lock(mutex_);
  // Sequences grow by one, so a record's place follows from its number.
  if (records_.empty() || sequence < records_.front().sequence) { return; }
  auto& record = records_.at(sequence - records_.front().sequence);
  record.pending = false;
  record.ended = std::chrono::steady_clock::now();
}

uint64_t CollectiveLog::last_begun() const {
  const std::lock_guard lock(mutex_);
  return begun_;
}

std::optional<CollectiveRecord> CollectiveLog::oldest_pending() const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(records_.begin(), records_.end(), [](const auto& record) { return record.pending; });
  return found == records_.end() ? std::nullopt : std::optional(*found);
}

std::vector<CollectiveRecord> CollectiveLog::recent() const {
  const std::lock_guard lock(mutex_);
  return {records_.begin(), records_.end()};
}

}  // namespace realface::distributed
