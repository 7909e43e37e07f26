#include <ATen/ops/ones.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <iostream>
#include <memory>

#include "base/error.h"
#include "data/loading/synthetic.h"
#include "distributed/nccl/device_meter.h"
#include "launcher/bench/bench.h"
#include "launcher/bench/operator_profile.h"
#include "launcher/bench/trace.h"
#include "launcher/training_options.h"

namespace realface::launcher {
namespace {

constexpr int64_t kStepsPerEpoch = 1000;  // that the synthetic streams claim: recipes may count in epochs

struct BenchStepOptions {
  std::shared_ptr<TrainingOptions> training;
  bool json = false, profile = false;
  std::string trace;
  int64_t steps = 20, warmup = 3;
};

/// Calls step(); gives back what the last one said. The device may still be at work.
stages::StepReport run_steps(stages::Stage& stage, data::Streams& data, int64_t count) {
  stages::StepReport report;
  for (int64_t i = 0; i < count; ++i) {
    const auto step = data.next();
    if (!step) { throw Error("[bench] the stage's stream ended too early; give fewer --steps"); }
    report = stage.step(*step);
  }
  return report;
}

/// Its loss as a number, 0 if it has none: the device has then done all of the work.
double loss_of(const stages::StepReport& report) { return report.loss.defined() ? report.loss.item<double>() : 0; }

/// Milliseconds a step in each operator, on this rank; measured apart, since watching costs time.
nlohmann::json operators_of(stages::Stage& stage, data::Streams& data, int64_t steps) {
  const OperatorProfile profile;
  (void)loss_of(run_steps(stage, data, steps));
  nlohmann::json operators;
  for (const auto& [name, seconds] : profile.seconds()) {
    operators[name] = 1e3 * seconds / static_cast<double>(steps);
  }
  return operators;
}

void print_operators(const nlohmann::json& operators) {
  std::vector<std::pair<double, std::string>> sorted;
  for (const auto& [name, ms] : operators.items()) { sorted.emplace_back(ms.get<double>(), name); }
  std::ranges::sort(sorted, std::greater<>());
  for (const auto& [ms, name] : sorted) { std::cout << "    " << name << " " << ms << " ms\n"; }
  std::cout << std::flush;
}

/// Of all steps together.
nlohmann::json described(const distributed::DeviceCosts& costs) {
  constexpr double kMegabyte = 1 << 20;
  return {{"allocations", costs.allocations},
          {"waits", costs.waits},
          {"peak_mb", static_cast<double>(costs.peak_bytes) / kMegabyte}};
}

void measure(const BenchStepOptions& options, const configs::Config& config, distributed::World& world) {
  auto models = config.recipe->build(config.seed, world.device(), world.host_group());
  const auto data = data::synthetic_streams(config.recipe->needs(config.seed, world.size()), kStepsPerEpoch, world);
  const auto stage = config.recipe->make({world, models, *data, config.data, "", config.seed});
  const double ready = process_age();
  (void)loss_of(run_steps(*stage, *data, 1));
  const double first_forward = ready + telemetry::phase_seconds(telemetry::Phase::forward);
  (void)loss_of(run_steps(*stage, *data, options.warmup));
  const Timing timing(world);
  const distributed::DeviceMeter meter(world.device());
  const auto last = run_steps(*stage, *data, options.steps);
  const auto costs = meter.costs();
  const double loss = loss_of(last);
  auto result = timing.finish(options.steps, last.samples);
  result["bench"] = "step";
  result["stage"] = config.stage;
  result["loss"] = loss;
  if (world.device().is_cuda()) { result["gpu"] = described(costs); }
  result["startup_s"] = slowest(world, first_forward);
  if (options.profile) { result["operators_ms"] = operators_of(*stage, *data, options.steps); }
  if (!options.trace.empty()) {
    write_trace(options.trace + (world.size() > 1 ? "." + std::to_string(world.rank()) : ""), world.device().is_cuda(),
                [&] { (void)loss_of(run_steps(*stage, *data, options.steps)); });
  }
  print_figures(options.json, world, result);
  if (options.profile && !options.json && world.rank() == 0) { print_operators(result["operators_ms"]); }
}

void bench_step(const BenchStepOptions& options) {
  const auto config = configs::load(options.training->arguments, configs::Completeness::for_reading);
  distributed::in_world(config.world, [&](auto& world) { measure(options, config, world); });
}

}  // namespace

void add_bench_step(CLI::App& bench) {
  auto options = std::make_shared<BenchStepOptions>();
  CLI::App* command = bench.add_subcommand("step", "Updates of any stage, on one synthetic batch");
  options->training = add_training_options(*command, "A stage file, for example configs/mae/pretrain.yaml");
  command->add_flag("--json", options->json, "One line of JSON");
  command->add_flag("--profile", options->profile,
                    "Also the time in each of libtorch's operators, in steps of their own");
  command->add_option(
      "--trace", options->trace,
      "Write what libtorch's profiler sees of as many steps more, for ui.perfetto.dev; FILE.RANK of each "
      "of several ranks");
  command->add_option("--steps", options->steps, "Steps measured")->check(CLI::PositiveNumber)->capture_default_str();
  command->add_option("--warmup", options->warmup, "Steps before")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->callback([options] {
    if (!print_config(*options->training)) { bench_step(*options); }
  });
}

}  // namespace realface::launcher
