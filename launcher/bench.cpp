#include <sys/resource.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include <ATen/ops/randint.h>
#include <ATen/ops/tensor.h>
#include "base/error.h"
#include "base/telemetry.h"
#include "data/streams.h"
#include "distributed/world.h"
#include "launcher/commands.h"
#include "stages/make.h"

namespace realface::launcher {
namespace {

using Json = nlohmann::json;

struct Options {
  bool json = false;
  std::string model = "small", dtype = "fp32", mask = "random", shards, order = "global";
  double ratio = 0.75, sbi = 0;
  int64_t batch = 16, steps = 20, warmup = 3;  // batch: samples of one rank
  int workers = 1;
  distributed::WorldConfig world;
};

/// Seconds since the kernel started this process (field 22 of /proc/self/stat, in clock ticks since boot).
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

double peak_memory_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

/// The largest value of any rank. Collective.
double slowest(distributed::World& world, double mine) {
  auto value = at::tensor({mine}, torch::kFloat64);
  world.host_group().all_reduce(value, distributed::ReduceOp::max)->wait();
  return value.item<double>();
}

/// Times a loop and each phase of it.
class Timing {
 public:
  explicit Timing(distributed::World& world) : world_(world) {
    world.host_group().barrier()->wait();
    for (size_t i = 0; i < before_.size(); ++i) {
      before_[i] = telemetry::phase_seconds(static_cast<telemetry::Phase>(i));
    }
    start_ = std::chrono::steady_clock::now();
  }

  /// Rates over all ranks and milliseconds a step. Collective.
  Json finish(const Options& options) const {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
    const double seconds = slowest(world_, elapsed.count());
    const auto steps = static_cast<double>(options.steps);
    Json ms = {{"step", 1e3 * seconds / steps}};
    for (size_t i = 0; i < before_.size(); ++i) {
      const double spent = telemetry::phase_seconds(static_cast<telemetry::Phase>(i)) - before_[i];
      ms[telemetry::kPhaseNames[i]] = 1e3 * spent / steps;
    }
    const auto images = static_cast<double>(options.batch * options.steps * world_.size());
    return {{"images_per_s", images / seconds}, {"ms", ms},
            {"steps", options.steps},           {"batch", options.batch},
            {"ranks", world_.size()},           {"threads", world_.threads()},
            {"device", world_.device().str()},  {"peak_rss_mb", slowest(world_, peak_memory_mb())}};
  }

 private:
  distributed::World& world_;
  std::array<double, telemetry::kPhaseNames.size()> before_{};
  std::chrono::steady_clock::time_point start_;
};

void print(const Options& options, distributed::World& world, const Json& result) {
  if (world.rank() != 0) { return; }
  if (options.json) {
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

data::MaskConfig mask_config(const Options& options) {
  data::MaskConfig mask;
  mask.kind = options.mask;
  mask.ratio = options.ratio;
  return mask;
}

/// One synthetic update of this rank: noise for pixels, masks that need no landmarks.
data::Step synthetic_step(const Options& options, const stages::PretrainConfig& config, distributed::World& world) {
  data::Batch batch;
  const int64_t grid = config.model.grid();
  batch.masked = options.batch * data::fixed_mask_count(config.mask, grid);
  if (batch.masked == 0) {
    throw UsageError("[bench] mask '" + options.mask + "' varies in number; use random or block");
  }
  batch.images = at::randint(256, {options.batch, config.model.image, config.model.image, 3}, torch::kUInt8);
  batch.visible_max = config.model.patches() - batch.masked / options.batch;
  const std::array<float, 136> no_landmarks{};
  auto mask = torch::empty({options.batch, config.model.patches()}, torch::kBool);
  for (int64_t i = 0; i < options.batch; ++i) {
    const auto sample = static_cast<uint64_t>(world.rank() * options.batch + i);
    const auto drawn = data::draw_mask(config.mask, grid, config.model.patch, no_landmarks, 0, 0, sample);
    std::copy(drawn.begin(), drawn.end(), mask[i].mutable_data_ptr<bool>());
    batch.samples.push_back(static_cast<int64_t>(sample));
    batch.epochs.push_back(0);
  }
  batch.images = batch.images.to(world.device());
  batch.mask = mask.to(world.device());
  data::Step step;
  step.masked["faces"] = batch.masked * world.size();
  step.streams["faces"].push_back(std::move(batch));
  return step;
}

/// Updates of the pretraining stage itself, on a batch that is already there.
void bench_step(const Options& options) {
  auto world = distributed::World::join(options.world);
  stages::StageConfig config;
  config.pretrain.model = models::mae_preset(options.model);
  config.pretrain.mask = mask_config(options);
  config.pretrain.train.steps = options.steps + options.warmup + 1;
  config.pretrain.train.batch = options.batch * world.size();
  config.pretrain.train.dtype = options.dtype;
  auto set = stages::build_models(config, world.device());
  const auto stage = stages::make(config, set, world, 0);
  auto step = synthetic_step(options, config.pretrain, world);

  const double ready = process_age();
  auto loss = stage->step(step).loss;
  const double first_forward = ready + telemetry::phase_seconds(telemetry::Phase::forward);
  for (step.index = 1; step.index <= options.warmup; ++step.index) { loss = stage->step(step).loss; }
  (void)loss.item<float>();  // a GPU finishes the warm-up before the clock starts
  const Timing timing(world);
  for (int64_t i = 0; i < options.steps; ++i, ++step.index) { loss = stage->step(step).loss; }
  const float last_loss = loss.item<float>();
  auto result = timing.finish(options);
  result["bench"] = "step";
  result["model"] = options.model;
  result["dtype"] = options.dtype;
  result["loss"] = last_loss;
  result["startup_s"] = slowest(world, first_forward);
  print(options, world, result);
}

/// The data path alone: read, check, decode, assemble, copy.
void bench_loader(const Options& options) {
  if (options.shards.empty()) { throw UsageError("[bench] loader needs --shards DIR"); }
  auto world = distributed::World::join(options.world);
  data::DataConfig config;
  config.shards = options.shards;
  config.workers = options.workers;
  config.order = options.order;
  data::StreamNeeds needs;
  needs.label = options.sbi > 0 ? "real" : "any";
  needs.sbi = options.sbi;
  needs.split = "all";
  needs.augment.flip = true;
  needs.batch = options.batch * world.size();
  needs.mask = mask_config(options);
  const auto model = models::mae_preset(options.model);
  needs.image = model.image;
  needs.patch = model.patch;
  const auto streams = data::open(config, {needs}, world);
  for (int64_t i = 0; i < options.warmup; ++i) { (void)streams->next(); }
  const Timing timing(world);
  for (int64_t i = 0; i < options.steps; ++i) { (void)streams->next(); }
  auto result = timing.finish(options);
  result["bench"] = "loader";
  result["dtype"] = "uint8";
  result["workers"] = options.workers;
  result["order"] = options.order;
  result["sbi"] = options.sbi;
  print(options, world, result);
}

void add_common(CLI::App& command, Options& options) {
  command.add_flag("--json", options.json, "One line of JSON");
  command.add_option("--model", options.model, "Size of the model: base, large, huge, small, tiny")
      ->capture_default_str();
  command.add_option("--batch", options.batch, "Samples of one rank")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--steps", options.steps, "Steps measured")->check(CLI::PositiveNumber)->capture_default_str();
  command.add_option("--warmup", options.warmup, "Steps before")->check(CLI::NonNegativeNumber)->capture_default_str();
  command.add_option("--mask", options.mask, "Kind of mask, without landmarks: random, block; none for the loader")
      ->capture_default_str();
  command.add_option("--ratio", options.ratio, "Share masked")->check(CLI::Range(0.0, 1.0))->capture_default_str();
  command.add_option("--threads", options.world.threads, "Compute threads of a rank; 0: its share of the cores");
  command.add_option("--device", options.world.device, "auto, cpu or cuda")->capture_default_str();
}

}  // namespace

void add_bench(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("bench", "Measure this program on this machine; also under mpirun");
  command->require_subcommand(1);
  CLI::App* step = command->add_subcommand("step", "Updates of pretraining on a synthetic batch");
  add_common(*step, *options);
  step->add_option("--dtype", options->dtype, "fp32 or bf16")
      ->check(CLI::IsMember({"fp32", "bf16"}))
      ->capture_default_str();
  step->callback([options] { bench_step(*options); });
  CLI::App* loader = command->add_subcommand("loader", "Read, check and decode batches of shards");
  add_common(*loader, *options);
  loader->add_option("--shards", options->shards, "Folder that `realface preprocess` wrote")->required();
  loader->add_option("--workers", options->workers, "Reader threads")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  loader->add_option("--order", options->order, "global or window")
      ->check(CLI::IsMember({"global", "window"}))
      ->capture_default_str();
  loader->add_option("--sbi", options->sbi, "Share of self-blended fakes, made of the real frames")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  loader->callback([options] { bench_loader(*options); });
}

}  // namespace realface::launcher
