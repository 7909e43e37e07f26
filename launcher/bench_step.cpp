#include <ATen/ops/ones.h>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <memory>

#include "base/error.h"
#include "data/loading/synthetic.h"
#include "launcher/bench.h"
#include "launcher/training_options.h"

namespace realface::launcher {
namespace {

constexpr int64_t kStepsPerEpoch = 1000;  // that the synthetic streams claim: recipes may count in epochs

struct BenchStepOptions {
  std::shared_ptr<TrainingOptions> training;
  bool json = false;
  int64_t steps = 20, warmup = 3;
};

/// Calls step() and gives back its last loss, as a number: the device has then done all of the work.
double run_steps(stages::Stage& stage, data::Streams& data, int64_t count) {
  torch::Tensor loss;
  for (int64_t i = 0; i < count; ++i) {
    const auto step = data.next();
    if (!step) { throw Error("[bench] the stage's stream ended too early; give fewer --steps"); }
    loss = stage.step(*step).loss;
  }
  return loss.defined() ? loss.item<double>() : 0;
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
  const double loss = run_steps(*stage, *data, options.steps);
  auto result = timing.finish(options.steps, data->samples() / kStepsPerEpoch);
  result["bench"] = "step";
  result["stage"] = config.stage;
  result["loss"] = loss;
  result["startup_s"] = slowest(world, first_forward);
  print_figures(options.json, world, result);
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
  command->add_option("--steps", options->steps, "Steps measured")->check(CLI::PositiveNumber)->capture_default_str();
  command->add_option("--warmup", options->warmup, "Steps before")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->callback([options] {
    if (!print_config(*options->training)) { bench_step(*options); }
  });
}

}  // namespace realface::launcher
