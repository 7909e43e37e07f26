#include "cluster/metrics/metrics.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "base/telemetry.h"
#include "cluster/metrics/curve.h"
#include "cluster/metrics/discovery.h"
#include "cluster/metrics/endpoint.h"

namespace realface::cluster {
namespace {

using Clock = std::chrono::steady_clock;
using PhaseSeconds = std::array<double, telemetry::kPhaseNames.size()>;

PhaseSeconds phase_seconds_now() {
  PhaseSeconds seconds{};
  for (size_t i = 0; i < seconds.size(); ++i) {
    seconds[i] = telemetry::phase_seconds(static_cast<telemetry::Phase>(i));
  }
  return seconds;
}

/// The step time as a histogram in telemetry's counters, looked up once.
class StepHistogram {
 public:
  StepHistogram() {
    double bound = 0.005;
    for (auto& bucket : buckets_) {
      bucket = {bound, &telemetry::counter("step_duration_seconds_bucket{le=\"" + std::to_string(bound) + "\"}")};
      bound *= 2;
    }
  }
  void observe(double seconds) {
    for (const auto& [bound, count] : buckets_) {
      if (seconds <= bound) { count->add(1); }
    }
    sum_.add(seconds);
    count_.add(1);
  }

 private:
  std::array<std::pair<double, telemetry::Number*>, 12> buckets_{};
  telemetry::Number& sum_ = telemetry::counter("step_duration_seconds_sum");
  telemetry::Number& count_ = telemetry::counter("step_duration_seconds_count");
};

/// How often Slurm has started this job again.
double restarts() {
  const char* count = std::getenv("SLURM_RESTART_COUNT");
  return count == nullptr ? 0.0 : std::atof(count);
}

std::unique_ptr<Endpoint> serve(const MetricsConfig& config, int port, const Identity& identity) {
  if (config.port < 0) { return nullptr; }
  try {
    return std::make_unique<Endpoint>(config.address, port, identity);
  } catch (const Error& error) {
    log::warn(std::string(error.what()) + "; training goes on without /metrics on this rank");
    return nullptr;
  }
}

}  // namespace

struct Metrics::Members {
  std::unique_ptr<Endpoint> endpoint;
  std::unique_ptr<Discovery> discovery;
  std::optional<Curve> curve;  // rank 0, while the file can be written
  StepHistogram step_histogram;
  telemetry::Number& steps = telemetry::counter("steps_total");
  telemetry::Number& state = telemetry::gauge("run_state");
  PhaseSeconds phases_before = phase_seconds_now();
  Clock::time_point time_before = Clock::now();
  int64_t resumed_from = -1;  // told by the next line, once

  /// Runs `work` on the curve; a disk that refuses ends the curve, not the run.
  template <class Work>
  void with_curve(const Work& work) {
    if (!curve) { return; }
    try {
      work(*curve);
    } catch (const Error& error) {
      log::warn(std::string(error.what()) + "; training goes on, the next line is tried again");
    }
  }

  nlohmann::json line(const StepRecord& record) {
    const auto now = Clock::now();
    const auto phases_now = phase_seconds_now();
    nlohmann::json phases;
    for (size_t i = 0; i < phases_now.size(); ++i) {
      phases[telemetry::kPhaseNames[i]] = phases_now[i] - phases_before[i];
    }
    const std::chrono::duration<double> clock = std::chrono::system_clock::now().time_since_epoch();
    nlohmann::json json = {{"time", clock.count()},
                           {"step", record.step},
                           {"epoch", record.epoch},
                           {"loss", record.loss},
                           {"learning_rate", record.learning_rate},
                           {"grad_norm", record.grad_norm},
                           {"samples", record.samples},
                           {"values", record.values},
                           {"images_per_second", record.images_per_second},
                           {"seconds", std::chrono::duration<double>(now - time_before).count()},
                           {"phases", phases}};
    if (resumed_from >= 0) { json["resumed_from"] = std::exchange(resumed_from, -1); }
    phases_before = phases_now;
    time_before = now;
    return json;
  }
};

Metrics::Metrics(const MetricsConfig& config, const std::string& run_dir, const std::string& run_id,
                 distributed::World& world)
    : Metrics(config, run_dir, run_id, world.host_group(), world.host()) {}

Metrics::Metrics(const MetricsConfig& config, const std::string& run_dir, const std::string& run_id,
                 distributed::Communicator& host_group, const std::string& host)
    : members_(std::make_unique<Members>()) {
  const int index = local_index(host_group, host);
  const int port = config.port > 0 ? config.port + index : config.port;
  members_->endpoint = serve(config, port, {run_id, host, host_group.rank(), host_group.size()});
  members_->discovery = std::make_unique<Discovery>(config, run_dir, run_id, host_group, host, this->port());
  telemetry::counter("restarts_total").set(restarts());
  if (host_group.rank() != 0) { return; }
  try {
    make_folder(run_dir);
    members_->curve.emplace(std::filesystem::path(run_dir) / "metrics.jsonl");
  } catch (const Error& error) { log::warn(std::string(error.what()) + "; training goes on without metrics.jsonl"); }
}

Metrics::~Metrics() { members_->state.set(0); }

void Metrics::resumed(int64_t step) {
  members_->resumed_from = step;
  members_->with_curve([&](Curve& curve) { curve.cut_after(step); });
}

void Metrics::step_done(double seconds) {
  members_->state.set(1);
  members_->step_histogram.observe(seconds);
  members_->steps.add(1);
}

void Metrics::publish(const StepRecord& record) {
  telemetry::gauge("train_loss").set(record.loss);
  telemetry::gauge("learning_rate").set(record.learning_rate);
  telemetry::gauge("grad_norm").set(record.grad_norm);
  telemetry::gauge("epoch").set(record.epoch);
  for (const auto& [name, value] : record.values) {
    telemetry::gauge(fmt::format("stage_value{{name=\"{}\"}}", name)).set(value);
  }
  telemetry::gauge("images_per_second").set(record.images_per_second);
  telemetry::counter("samples_total").add(static_cast<double>(record.samples));
  const auto line = members_->line(record);
  members_->with_curve([&](Curve& curve) { curve.append(line); });
}

int Metrics::port() const { return members_->endpoint == nullptr ? -1 : members_->endpoint->port(); }

}  // namespace realface::cluster
