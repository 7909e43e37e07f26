#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iostream>
#include <memory>
#include <utility>

#include "launcher/commands.h"
#include "launcher/protocol/plan.h"
#include "launcher/protocol/table.h"
#include "launcher/walk.h"
#include "stages/signals.h"

namespace realface::launcher {
namespace {

struct ProtocolOptions {
  configs::Arguments arguments;
  bool table = false, json = false;
};

void print_table(const Plan& plan, bool json) {
  const auto table = read_table(plan);
  std::cout << (json ? table_json(plan, table).dump(2) + "\n" : table_text(plan, table));
}

void protocol(const ProtocolOptions& options) {
  const auto plan = load_plan(options.arguments);
  if (options.table) {
    distributed::in_world({.device = "cpu"}, [&](auto& world) {  // for under mpirun, it is printed once
      if (world.rank() == 0) { print_table(plan, options.json); }
    });
    return;
  }
  require_fakes(plan);
  const stages::StopSignals signals;  // over all trainings, as `run` has one over all entries
  const auto& world_config = plan.cells.front().entries.front().config.world;
  const auto [ending, first] = distributed::in_world(
      world_config, [&](auto& world) { return std::pair(run_plan(plan, world), world.rank() == 0); });
  leave(ending);
  if (first) { print_table(plan, options.json); }
}

}  // namespace

void add_protocol(CLI::App& app) {
  auto options = std::make_shared<ProtocolOptions>();
  auto* command = app.add_subcommand(
      "protocol", "Train a system by a protocol, once a seed and manipulation, and print the table; resumable");
  command->add_option("FILE", options->arguments.file, "For example configs/protocols/leave-one-out.yaml")->required();
  command->add_option("overrides", options->arguments.overrides,
                      "key=value, of the protocol or its system, for example seeds=[1,2] train.steps=100");
  command->add_flag("--table", options->table, "Print the table of what is finished and train nothing");
  command->add_flag("--json", options->json, "Print one JSON object instead of text");
  command->callback([options] { protocol(*options); });
}

}  // namespace realface::launcher
