#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <string>

/// Named numbers that every room writes and only `cluster` and the watchdog read. Writing is one relaxed atomic, from
/// any thread. Counters and gauges live for the whole process: keep the reference, do not look it up per sample.
namespace realface::telemetry {

/// A number that only grows, or (gauge) is set.
class Number {
 public:
  void add(double amount) { value_.fetch_add(amount, std::memory_order_relaxed); }
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0.0};
};

/// The counter of this name (without the "realface_" prefix), made at first use: `counter("data_read_bytes_total")`.
Number& counter(const std::string& name);
Number& gauge(const std::string& name);
std::map<std::string, double> counters();
std::map<std::string, double> gauges();

/// What the main thread is doing; their seconds add up to the wall time of a step (docs/metrics.md). On a GPU
/// forward, backward, allreduce_exposed and optimizer measure the launching of work: nothing in them waits for it.
enum class Phase { data_wait, h2d, forward, backward, allreduce_exposed, optimizer, checkpoint_stall, eval };
inline constexpr std::array<const char*, 8> kPhaseNames = {
    "data_wait", "h2d", "forward", "backward", "allreduce_exposed", "optimizer", "checkpoint_stall", "eval"};

/// Adds the time from construction to destruction to a phase.
class PhaseTimer {
 public:
  explicit PhaseTimer(Phase phase) : phase_(phase), start_(std::chrono::steady_clock::now()) {}
  ~PhaseTimer();
  PhaseTimer(const PhaseTimer&) = delete;
  PhaseTimer& operator=(const PhaseTimer&) = delete;

 private:
  Phase phase_;
  std::chrono::steady_clock::time_point start_;
};

double phase_seconds(Phase phase);

/// The main thread's sign of life; the watchdog and /metrics read it. Seconds since the epoch.
void beat();
double last_beat_seconds();

}  // namespace realface::telemetry
