#include "launcher/bench/bench.h"

#include <ATen/ops/tensor.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <ctime>
#include <fstream>
#include <iostream>
#include <sstream>

#include "launcher/commands.h"

namespace realface::launcher {
namespace {

double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

}  // namespace

// Field 22 of /proc/self/stat is the start, in clock ticks since boot.
double process_age() {
  std::ifstream file("/proc/self/stat");
  const std::string line{std::istreambuf_iterator<char>(file), {}};
  std::istringstream fields(line.substr(line.rfind(')') + 2));
  std::string field;
  for (int number = 3; number <= 22; ++number) { fields >> field; }
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  const double started = std::stod(field) / static_cast<double>(sysconf(_SC_CLK_TCK));
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec) - started;
}

double slowest(distributed::World& world, double mine) {
  auto value = at::tensor({mine}, torch::kFloat64);
  world.host_group().all_reduce(value, distributed::ReduceOp::max)->wait();
  return value.item<double>();
}

Timing::Timing(distributed::World& world) : world_(world) {
  world.host_group().barrier()->wait();
  for (size_t i = 0; i < before_.size(); ++i) {
    before_[i] = telemetry::phase_seconds(static_cast<telemetry::Phase>(i));
  }
  start_ = std::chrono::steady_clock::now();
}

nlohmann::json Timing::finish(int64_t steps, int64_t samples) const {
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  const double seconds = slowest(world_, elapsed.count());
  const auto count = static_cast<double>(steps);
  nlohmann::json ms = {{"step", 1e3 * seconds / count}};
  for (size_t i = 0; i < before_.size(); ++i) {
    const double spent = telemetry::phase_seconds(static_cast<telemetry::Phase>(i)) - before_[i];
    ms[telemetry::kPhaseNames[i]] = 1e3 * spent / count;
  }
  return {{"images_per_s", static_cast<double>(samples) * count / seconds},
          {"ms", ms},
          {"steps", steps},
          {"batch", samples / world_.size()},
          {"ranks", world_.size()},
          {"threads", world_.threads()},
          {"device", world_.device().str()},
          {"peak_rss_mb", slowest(world_, peak_memory_mb())}};
}

void print_figures(bool json, distributed::World& world, const nlohmann::json& result) {
  if (world.rank() != 0) { return; }
  if (json) {
    std::cout << result.dump() << std::endl;
    return;
  }
  std::cout << result["bench"].get<std::string>() << ": " << result["images_per_s"].get<double>() << " images/s on "
            << world.size() << " ranks of " << world.threads() << " threads\n";
  for (const auto& [phase, ms] : result["ms"].items()) {
    std::cout << "  " << phase << " " << ms.get<double>() << " ms\n";
  }
  std::cout << "  peak memory " << result["peak_rss_mb"].get<double>() << " MB a rank" << std::endl;
}

void add_bench(CLI::App& app) {
  CLI::App* command = app.add_subcommand("bench", "Measure this program on this machine; also under mpirun");
  command->require_subcommand(1);
  add_bench_step(*command);
  add_bench_loader(*command);
  add_bench_kernels(*command);
}

}  // namespace realface::launcher
