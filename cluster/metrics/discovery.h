#pragma once

#include <filesystem>
#include <string>

#include "cluster/metrics/metrics.h"
#include "distributed/communicator.h"

namespace realface::cluster {

/// Ranks below this one on the same host: a fixed port is moved up by it. Collective.
int local_index(distributed::Communicator& host_group, const std::string& host);

/// Tells where /metrics is: RUN/metrics/rank-R.port, and on rank 0 RUN/prometheus/<run_id>.json with the targets of all
/// ranks, for `file_sd_configs`. The destructor removes them. A file that cannot be written is a warning.
class Discovery {
 public:
  /// port -1: this rank serves nothing. Collective.
  Discovery(const MetricsConfig& config, const std::filesystem::path& run_dir, const std::string& run_id,
            distributed::Communicator& host_group, const std::string& host, int port);
  ~Discovery();
  Discovery(const Discovery&) = delete;
  Discovery& operator=(const Discovery&) = delete;

 private:
  std::filesystem::path port_file_, targets_file_;  // empty: none
};

}  // namespace realface::cluster
