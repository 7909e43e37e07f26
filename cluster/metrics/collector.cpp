#include "cluster/metrics/collector.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/telemetry.h"
#include "cluster/metrics/measures.h"
#include "cluster/metrics/series.h"

namespace realface::cluster {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricType type_of(Kind kind) {
  if (kind == Kind::counter) { return MetricType::Counter; }
  return kind == Kind::gauge ? MetricType::Gauge : MetricType::Histogram;
}

ClientMetric::Histogram to_prometheus(const Histogram& histogram) {
  ClientMetric::Histogram out;
  out.sample_sum = histogram.sum;
  for (const auto& [bound, count] : histogram.cumulative) {
    out.bucket.push_back({static_cast<uint64_t>(count), bound});
  }
  // A scrape may fall between the increments of one observation: the total is never below a bucket.
  out.sample_count = static_cast<uint64_t>(histogram.count);
  if (!out.bucket.empty()) { out.sample_count = std::max(out.sample_count, out.bucket.back().cumulative_count); }
  return out;
}

/// Families by name, filled one series at a time.
class Families {
 public:
  explicit Families(const Identity& identity) : identity_(identity) {}

  void add(const std::string& text, Kind kind, double value) {
    auto name = parse_series(text);
    if (kind == Kind::counter && !name.base.ends_with("_total")) { name.base += "_total"; }
    if (auto* metric = place(name, kind)) {
      (kind == Kind::counter ? metric->counter.value : metric->gauge.value) = value;
    }
  }

  void add(const std::string& text, const Histogram& histogram) {
    if (auto* metric = place({text, {}}, Kind::histogram)) { metric->histogram = to_prometheus(histogram); }
  }

  /// Measures that nobody has written yet.
  void add_missing() {
    for (const auto& measure : known_measures()) {
      if (!measure.from_start || families_.contains(measure.name)) { continue; }
      if (measure.kind == Kind::histogram) {
        add(measure.name, Histogram{});
      } else {
        add(measure.name, measure.kind, 0);
      }
    }
  }

  std::vector<MetricFamily> take() {
    std::vector<MetricFamily> list;
    for (auto& [name, family] : families_) { list.push_back(std::move(family)); }
    return list;
  }

 private:
  /// Null where another rank exports it.
  ClientMetric* place(const SeriesName& name, Kind kind) {
    const Measure measure = measure_of(name.base, kind);
    if (measure.scope == Scope::run && identity_.rank != 0) { return nullptr; }
    auto& family = families_[name.base];
    family.name = "realface_" + name.base;
    family.help = measure.help;
    family.type = type_of(kind);
    ClientMetric metric;
    metric.label.push_back({"run_id", identity_.run_id});
    if (measure.scope == Scope::rank) { metric.label.push_back({"rank", std::to_string(identity_.rank)}); }
    for (const auto& [key, value] : name.labels) { metric.label.push_back({key, value}); }
    family.metric.push_back(std::move(metric));
    return &family.metric.back();
  }

  const Identity& identity_;
  std::map<std::string, MetricFamily> families_;
};

}  // namespace

std::vector<MetricFamily> Collector::Collect() const {
  Families families(identity_);
  auto counters = telemetry::counters();
  for (const auto& [name, histogram] : extract_histograms(counters)) { families.add(name, histogram); }
  for (const auto& [name, value] : counters) { families.add(name, Kind::counter, value); }
  for (const auto& [name, value] : telemetry::gauges()) { families.add(name, Kind::gauge, value); }
  for (size_t i = 0; i < telemetry::kPhaseNames.size(); ++i) {
    families.add(std::string("phase_seconds_total{phase=\"") + telemetry::kPhaseNames[i] + "\"}", Kind::counter,
                 telemetry::phase_seconds(static_cast<telemetry::Phase>(i)));
  }
  families.add("heartbeat_timestamp_seconds", Kind::gauge, telemetry::last_beat_seconds());
  families.add("run_info{host=\"" + identity_.host + "\",world_size=\"" + std::to_string(identity_.world_size) + "\"}",
               Kind::gauge, 1);
  families.add_missing();
  return families.take();
}

}  // namespace realface::cluster
