#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <string>
#include <vector>

namespace realface::cluster {

/// Who exports.
struct Identity {
  std::string run_id;
  std::string host;
  int rank = 0;
  int world_size = 1;
};

/// Turns base/telemetry into metric families at each scrape; safe from any thread.
///
/// A telemetry name may end in labels, `checkpoint_total{result="saved"}`, and counters `N_bucket{le="x"}`
/// (cumulative), `N_sum` and `N_count` together are the histogram N. A counter without "_total" gets it.
/// docs/metrics.md.
class Collector : public prometheus::Collectable {
 public:
  explicit Collector(Identity identity) : identity_(std::move(identity)) {}
  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  Identity identity_;
};

}  // namespace realface::cluster
