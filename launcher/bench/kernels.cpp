#include <ATen/cpu/Utils.h>
#include <fmt/format.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "launcher/bench/bench.h"
#include "launcher/bench/kernel_rows.h"

namespace realface::launcher {
namespace {

double milliseconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return 1e3 * std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Fastest of `rounds` of each way, in turn, so that what else the machine does meets all of them.
nlohmann::json measured(const KernelRow& row, int64_t rounds) {
  double libtorch = 1e300, alternative = 1e300, automatic = 1e300;
  for (int64_t round = 0; round <= rounds; ++round) {
    const double first = milliseconds(row.libtorch), second = milliseconds(row.alternative);
    const double third = row.automatic ? milliseconds(row.automatic) : 0;
    if (round == 0) { continue; }  // kernels are built at the first call
    libtorch = std::min(libtorch, first), alternative = std::min(alternative, second),
    automatic = std::min(automatic, third);
  }
  nlohmann::json result = {{"row", row.what},
                           {"dtype", row.dtype},
                           {"shape", row.shape},
                           {"default_ms", libtorch},
                           {"alternative_ms", alternative},
                           {"default_over_alternative", libtorch / alternative}};
  if (row.automatic) { result["auto_ms"] = automatic; }
  if (row.gflop > 0) {
    result["default_gflop_per_s"] = 1e3 * row.gflop / libtorch;
    result["alternative_gflop_per_s"] = 1e3 * row.gflop / alternative;
  }
  return result;
}

void print_kernel_row(const nlohmann::json& row) {
  const auto number = [&](const char* key) { return row[key].get<double>(); };
  std::cout << fmt::format("{:<52} {} {:<26} default {:9.2f} ms, alternative {:9.2f} ms ({:.2f} x)",
                           row["row"].get<std::string>(), row["dtype"].get<std::string>(),
                           row["shape"].get<std::string>(), number("default_ms"), number("alternative_ms"),
                           number("default_over_alternative"))
            << (row.contains("auto_ms") ? fmt::format(", auto {:9.2f} ms", number("auto_ms")) : "") << std::endl;
}

struct BenchKernelsOptions {
  distributed::WorldConfig world{.device = "cpu", .threads = 1};
  bool json = false;
  int64_t rounds = 7;
  std::string filter;
};

void measure(const BenchKernelsOptions& options, distributed::World& world) {
  if (world.size() > 1) { throw UsageError("bench kernels measures one process; start it without mpirun"); }
  auto result = nlohmann::json{{"bench", "kernels"},
                               {"threads", world.threads()},
                               {"rows", nlohmann::json::array()},
                               {"processor", at::cpu::get_cpu_capabilities().at("cpu_name").toStringRef()},
                               {"simd", at::get_cpu_capability()}};
  for (const auto& row : kernel_rows()) {
    if ((row.what + ", " + row.dtype + " " + row.shape).find(options.filter) == std::string::npos) { continue; }
    result["rows"].push_back(measured(row, options.rounds));
    if (!options.json) { print_kernel_row(result["rows"].back()); }
  }
  if (result["rows"].empty()) { throw UsageError("no row of bench kernels contains '" + options.filter + "'"); }
  if (options.json) { std::cout << result.dump() << std::endl; }
}

}  // namespace

void add_bench_kernels(CLI::App& bench) {
  auto options = std::make_shared<BenchKernelsOptions>();
  CLI::App* command =
      bench.add_subcommand("kernels", "libtorch's kernels of the CPU beside those that layers may take instead");
  command->add_flag("--json", options->json, "One line of JSON");
  command->add_option("--threads", options->world.threads, "Threads")->capture_default_str();
  command->add_option("--rounds", options->rounds, "Rounds of which the fastest counts")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--filter", options->filter, "Only rows whose text contains this, for example \"attention\"");
  command->callback(
      [options] { distributed::in_world(options->world, [&](auto& world) { measure(*options, world); }); });
}

}  // namespace realface::launcher
