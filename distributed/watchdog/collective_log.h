#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace realface::distributed {

/// One collective of one group, as this rank sees it. All ranks number alike, since they run the same collectives.
struct CollectiveRecord {
  uint64_t sequence = 0;  // 1 for the group's first
  std::string operation;
  int64_t bytes = 0;
  std::chrono::steady_clock::time_point begun, ended;
  bool pending = true;

  std::string text() const;  // "all_reduce #12 of 4096 bytes"
};

/// The latest collectives of a group: what the watchdog looks at and what a dump shows. Any thread.
class CollectiveLog {
 public:
  explicit CollectiveLog(std::string group) : group_(std::move(group)) {}

  uint64_t begin(const char* operation, int64_t bytes);
  void end(uint64_t sequence);

  const std::string& group() const { return group_; }
  uint64_t last_begun() const;
  std::optional<CollectiveRecord> oldest_pending() const;
  std::vector<CollectiveRecord> recent() const;  // oldest first, at most kKept that have ended

  static constexpr size_t kKept = 64;

 private:
  const std::string group_;
  mutable std::mutex mutex_;
  uint64_t begun_ = 0;
  std::deque<CollectiveRecord> records_;
};

/// Notes a blocking collective for as long as it lasts, so that the watchdog sees it. `log` may be null.
class LoggedCollective {
 public:
  LoggedCollective(std::shared_ptr<CollectiveLog> log, const char* operation, int64_t bytes)
      : log_(std::move(log)), sequence_(log_ == nullptr ? 0 : log_->begin(operation, bytes)) {}
  ~LoggedCollective() {
    if (log_ != nullptr) { log_->end(sequence_); }
  }
  LoggedCollective(const LoggedCollective&) = delete;
  LoggedCollective& operator=(const LoggedCollective&) = delete;

 private:
  const std::shared_ptr<CollectiveLog> log_;
  const uint64_t sequence_;
};

}  // namespace realface::distributed
