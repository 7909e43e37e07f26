#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "distributed/watchdog/collective_log.h"
#include "distributed/watchdog/gaps.h"
#include "distributed/watchdog/messenger.h"

namespace realface::distributed {

/// Ends a run whose collective does not end: a thread of each rank looks at the groups' logs. If a collective has been
/// pending beyond the deadline, the thread asks every rank's watchdog for its last collective, says in one line which
/// ranks did not come to this one and which do not answer (stopped or dead), hands the dump to the sink, and ends the
/// run. The whole takes at most the deadline and some ten seconds; time in which this process was stopped, as a Slurm
/// job that is suspended, does not count. The threads talk by messages, so it works across
/// nodes and while main threads compute or hang.
class Watchdog {
 public:
  using Logs = std::vector<std::shared_ptr<CollectiveLog>>;
  using Sink = std::function<void(const std::string& dump)>;

  /// `deadline` in seconds; the same groups in the same order on every rank, four at most.
  Watchdog(double deadline, Logs logs, std::unique_ptr<Messenger> messenger);
  ~Watchdog();

  /// Takes the dump: one line that says what hangs, then the latest collectives of each group. Called from the
  /// watchdog's thread while everything else hangs; given ten seconds.
  void set_sink(Sink sink);

 private:
  struct Query;
  struct Status;
  struct Hang {
    size_t group;
    CollectiveRecord record;
  };

  void run(Gaps gaps);
  void serve();
  void answer(int rank);
  std::optional<Hang> hang(const Gaps& gaps) const;
  void ask_all();
  void report(const Hang& hang);
  std::string headline(const Hang& hang) const;
  std::string missing_from(const Hang& hang) const;
  std::string dump() const;
  void deliver(const std::string& text);

  const double deadline_;
  const Logs logs_;
  const std::unique_ptr<Messenger> messenger_;
  std::vector<std::optional<Status>> answers_;  // by rank
  std::chrono::steady_clock::time_point held_until_{};
  std::mutex mutex_;  // guards the sink
  Sink sink_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace realface::distributed
