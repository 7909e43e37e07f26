#include <ATen/ops/ones.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <iostream>
#include <memory>

#include "base/error.h"
#include "data/loading/synthetic.h"
#include "launcher/bench.h"
#include "launcher/operator_profile.h"
#include "launcher/training_options.h"

namespace realface::launcher {
namespace {

constexpr int64_t kStepsPerEpoch = 1000;  // that the synthetic streams claim: recipes may count in epochs

struct BenchStepOptions {
  std::shared_ptr<TrainingOptions> training;
  bool json = false, profile = false;
  int64_t steps = 20, warmup = 3;
};

/// What the last of some steps said: its loss, read as a number, and its samples, over all ranks.
struct LastStep {
  double loss = 0;
  int64_t samples = 0;
};

/// Calls step(). The device has then done all of the work, since the loss is read.
LastStep run_steps(stages::Stage& stage, data::Streams& data, int64_t count) {
  stages::StepReport report;
  for (int64_t i = 0; i < count; ++i) {
    const auto step = data.next();
    if (!step) { throw Error("[bench] the stage's stream ended too early; give fewer --steps"); }
    report = stage.step(*step);
  }
  return {report.loss.defined() ? report.loss.item<double>() : 0, report.samples};
}

/// Milliseconds a step in each operator, on this rank; measured apart, since watching costs time.
nlohmann::json operators_of(stages::Stage& stage, data::Streams& data, int64_t steps) {
  const OperatorProfile profile;
  run_steps(stage, data, steps);
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

void measure(const BenchStepOptions& options, const configs::Config& config, distributed::World& world) {
  auto models = config.recipe->build(config.seed, world.device(), world.host_group());
  const auto data = data::synthetic_streams(config.recipe->needs(config.seed, world.size()), kStepsPerEpoch, world);
  const auto stage = config.recipe->make({world, models, *data, config.data, "", config.seed});
  const double ready = process_age();
  run_steps(*stage, *data, 1);
  const double first_forward = ready + telemetry::phase_seconds(telemetry::Phase::forward);
  run_steps(*stage, *data, options.warmup);
  const Timing timing(world);
  const auto last = run_steps(*stage, *data, options.steps);
  auto result = timing.finish(options.steps, last.samples);
  result["bench"] = "step";
  result["stage"] = config.stage;
  result["loss"] = last.loss;
  result["startup_s"] = slowest(world, first_forward);
  if (options.profile) { result["operators_ms"] = operators_of(*stage, *data, options.steps); }
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
  command->add_option("--steps", options->steps, "Steps measured")->check(CLI::PositiveNumber)->capture_default_str();
  command->add_option("--warmup", options->warmup, "Steps before")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->callback([options] {
    if (!print_config(*options->training)) { bench_step(*options); }
  });
}

}  // namespace realface::launcher
