#pragma once

#include <CLI/App.hpp>
#include <array>
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/telemetry.h"
#include "distributed/world.h"

/// What the benchmarks of `realface bench` share.
namespace realface::launcher {

/// Seconds since the kernel started this process.
double process_age();

/// The largest value of any rank. Collective.
double slowest(distributed::World& world, double mine);

/// Times a loop and each phase of it. The constructor is collective.
class Timing {
 public:
  explicit Timing(distributed::World& world);

  /// Rates over all ranks and milliseconds a step, for `samples` a step of all ranks together. Collective.
  nlohmann::json finish(int64_t steps, int64_t samples) const;

 private:
  distributed::World& world_;
  std::array<double, telemetry::kPhaseNames.size()> before_{};
  std::chrono::steady_clock::time_point start_;
};

/// By rank 0: one line of JSON, or text.
void print_figures(bool json, distributed::World& world, const nlohmann::json& result);

void add_bench_step(CLI::App& bench);
void add_bench_loader(CLI::App& bench);
void add_bench_kernels(CLI::App& bench);

}  // namespace realface::launcher
