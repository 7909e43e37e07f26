#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <memory>
#include <string>

#include "data/streams.h"
#include "distributed/world.h"
#include "launcher/bench/bench.h"
#include "models/mae/config.h"

namespace realface::launcher {
namespace {

struct BenchLoaderOptions {
  bool json = false;
  std::string model = "small";
  double sbi = 0;
  int64_t batch = 16, steps = 20, warmup = 3;  // batch: samples of one rank
  data::DataConfig data;
  data::MaskConfig mask;
  distributed::WorldConfig world;
};

/// The data path alone: read, check, decode, assemble, copy.
void measure(const BenchLoaderOptions& options, distributed::World& world) {
  data::StreamNeeds needs;
  needs.label = options.sbi > 0 ? "real" : "any";
  needs.sbi = options.sbi;
  needs.split = "all";
  needs.augment.flip = true;
  needs.batch = options.batch * world.size();
  needs.mask = options.mask;
  const auto model = models::mae_preset(options.model);
  needs.image = model.image;
  needs.patch = model.patch;
  const auto streams = data::open(options.data, {needs}, world);
  for (int64_t i = 0; i < options.warmup; ++i) { (void)streams->next(); }
  const Timing timing(world);
  for (int64_t i = 0; i < options.steps; ++i) { (void)streams->next(); }
  auto result = timing.finish(options.steps, needs.batch);
  result["bench"] = "loader";
  result["dtype"] = "uint8";
  result["workers"] = data::workers_for(options.data, !world.device().is_cpu(), world.cores());
  result["order"] = options.data.order;
  result["sbi"] = options.sbi;
  print_figures(options.json, world, result);
}

void add_data_options(CLI::App& command, BenchLoaderOptions& options) {
  command
      .add_option_function<std::vector<std::string>>(
          "--shards", [&options](const auto& folders) { options.data.shards = folders; },
          "Folders that `realface preprocess` wrote")
      ->required();
  command.add_option("--workers", options.data.workers, "Reader threads; 0: as a run has them")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_option("--order", options.data.order, "global or window")
      ->check(CLI::IsMember({"global", "window"}))
      ->capture_default_str();
  command.add_option("--sbi", options.sbi, "Share of self-blended fakes, made of the real frames")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
}

}  // namespace

void add_bench_loader(CLI::App& bench) {
  auto options = std::make_shared<BenchLoaderOptions>();
  CLI::App* command = bench.add_subcommand("loader", "Read, check and decode batches of shards");
  add_data_options(*command, *options);
  command->add_flag("--json", options->json, "One line of JSON");
  command->add_option("--model", options->model, "Whose input is made: base, large, huge, small, tiny")
      ->capture_default_str();
  command->add_option("--batch", options->batch, "Samples of one rank")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--steps", options->steps, "Steps measured")->check(CLI::PositiveNumber)->capture_default_str();
  command->add_option("--warmup", options->warmup, "Steps before")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--mask", options->mask.kind, "Kind of mask, as mask.kind of a recipe; none draws none")
      ->capture_default_str();
  command->add_option("--ratio", options->mask.ratio, "Share masked")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command->add_option("--threads", options->world.threads, "Compute threads of a rank; 0: its share of the cores");
  command->add_option("--device", options->world.device, "auto, cpu or cuda")->capture_default_str();
  command->callback(
      [options] { distributed::in_world(options->world, [&](auto& world) { measure(*options, world); }); });
}

}  // namespace realface::launcher
