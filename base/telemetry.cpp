#include "base/telemetry.h"

#include <mutex>

namespace realface::telemetry {
namespace {

// std::map keeps references valid while it grows; the mutex guards only the look-up.
struct Registry {
  std::mutex mutex;
  std::map<std::string, Number> numbers;

  Number& get(const std::string& name) {
    const std::lock_guard lock(mutex);
    return numbers[name];
  }
  std::map<std::string, double> snapshot() {
    const std::lock_guard lock(mutex);
    std::map<std::string, double> values;
    for (const auto& [name, number] : numbers) { values[name] = number.value(); }
    return values;
  }
};

Registry& counter_registry() {
  static Registry registry;
  return registry;
}
Registry& gauge_registry() {
  static Registry registry;
  return registry;
}

std::array<Number, kPhaseNames.size()> phases;
Number beat_seconds;

}  // namespace

Number& counter(const std::string& name) { return counter_registry().get(name); }
Number& gauge(const std::string& name) { return gauge_registry().get(name); }
std::map<std::string, double> counters() { return counter_registry().snapshot(); }
std::map<std::string, double> gauges() { return gauge_registry().snapshot(); }

PhaseTimer::~PhaseTimer() {
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  phases[static_cast<size_t>(phase_)].add(elapsed.count());
}

double phase_seconds(Phase phase) { return phases[static_cast<size_t>(phase)].value(); }

void beat() {
  beat_seconds.set(std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count());
}
double last_beat_seconds() { return beat_seconds.value(); }

}  // namespace realface::telemetry
