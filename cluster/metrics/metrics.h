#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/settings.h"
#include "distributed/world.h"

namespace realface::cluster {

struct MetricsConfig {
  int port = 0;  // of /metrics on each rank; 0: any free one, published in the run folder; -1: none
  std::string address = "127.0.0.1";  // 0.0.0.0 or :: opens it to the network
};

void fields(Visitor& visitor, MetricsConfig& config);

/// One logging step's numbers, read from the device by the caller. Other metrics come from telemetry.
struct StepRecord {
  int64_t step = 0;
  double loss = 0, learning_rate = 0, grad_norm = 0, epoch = 0;
  int64_t samples = 0;                   // since the last record, over all ranks
  double images_per_second = 0;          // since the last record, over all ranks
  std::map<std::string, double> values;  // what the stage names besides, for example {"L_mse": 0.1}
};

/// Serves this rank's /metrics (prometheus-cpp) and, on rank 0, appends to RUN/metrics.jsonl. Names: docs/metrics.md.
///
/// Each rank's port is published in RUN/metrics/rank-R.port, and all of them in RUN/prometheus/<run_id>.json for
/// Prometheus' file discovery; both go when the object does. A port that cannot be bound, or a file that cannot be
/// written, is a warning, never the end of a run. The constructors are collective; the rest is local, main thread.
class Metrics {
 public:
  Metrics(const MetricsConfig& config, const std::string& run_dir, const std::string& run_id,
          distributed::World& world);
  /// The same over a host group, on a host of this name.
  Metrics(const MetricsConfig& config, const std::string& run_dir, const std::string& run_id,
          distributed::Communicator& host_group, const std::string& host);
  ~Metrics();

  /// The run continues after `step`: later lines of metrics.jsonl are cut, so that the curve has no doubles. Without
  /// this call they are cut by the first record that does not follow the last line.
  void resumed(int64_t step);
  void step_done(double seconds);          // every step: histogram, counters
  void publish(const StepRecord& record);  // logging steps
  int port() const;                        // the bound one, -1 where none

 private:
  struct Members;
  std::unique_ptr<Members> members_;
};

}  // namespace realface::cluster
