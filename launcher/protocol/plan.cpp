#include "launcher/protocol/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "configs/printer.h"
#include "configs/run_folder.h"
#include "configs/tested.h"
#include "data/shards/manifest.h"
#include "distributed/agreement.h"
#include "launcher/protocol/table.h"
#include "launcher/walk.h"
#include "stages/evaluate/sets.h"

namespace realface::launcher {
namespace {

/// The methods of which a split of a dataset holds fakes with frames.
std::set<std::string> methods_in(const data::Folders& shards, const std::string& split) {
  const std::string fake = data::class_name(1, "");
  std::set<std::string> methods;
  for (const auto& shard : data::Manifest::load(shards).shards) {
    if (split != "all" && shard.split != split) { continue; }
    for (const auto& [name, count] : shard.classes) {
      if (count.frames > 0 && name.starts_with(fake + "/")) { methods.insert(name.substr(fake.size() + 1)); }
    }
  }
  return methods;
}

/// Methods by dataset folder and split.
using Wanted = std::map<std::pair<data::Folders, std::string>, std::set<std::string>>;

void add_trained(const configs::Config& config, Wanted& wanted) {
  for (const auto& stream : config.recipe->needs(config.seed, 1)) {
    wanted[{config.data.shards, stream.split}].insert(stream.methods.begin(), stream.methods.end());
  }
}

void add_tested(const configs::Protocol& protocol, const configs::Config& evaluation, Wanted& wanted) {
  const auto split = configs::to_json(evaluation).at("evaluate").at("split").get<std::string>();
  stages::require_faces(evaluation.data, split);
  const auto folders = configs::sets_of(evaluation);
  for (const auto& block : configs::tests_of(protocol, evaluation)) {
    for (const auto& test : block) {
      if (!test.method.empty()) { wanted[{folders.at(test.set), split}].insert(test.method); }
    }
  }
}

void require_methods(const std::set<std::string>& wanted, const data::Folders& shards, const std::string& split) {
  if (wanted.empty()) { return; }
  const auto held = methods_in(shards, split);
  for (const auto& method : wanted) {
    if (held.contains(method)) { continue; }
    const auto near = nearest(method, {held.begin(), held.end()});
    throw DataError(fmt::format("[methods] {} holds no fakes of '{}' in split '{}' (it has those of: {}){}",
                                shards.text(), method, split, fmt::join(held, ", "),
                                near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
}

bool is_cell_finished(const PlannedCell& planned, distributed::World& world) {
  return std::ranges::all_of(planned.entries,
                             [&](const auto& entry) { return configs::is_finished(entry.config, world.host_group()); });
}

void keep_table(const Plan& plan, distributed::World& world) {
  distributed::agree(world.host_group(), "protocol", [&] {
    if (world.rank() != 0) { return; }
    publish_file(std::filesystem::path(plan.protocol.run_dir) / "protocol.json",
                 table_json(plan, read_table(plan)).dump(2) + "\n");
  });
}

std::string said(const configs::Cell& cell) {
  return fmt::format(
      "seed {}, {}: trained on fakes of {}", cell.seed, cell.name,
      cell.trained_on.empty() ? "the system's methods" : fmt::format("{}", fmt::join(cell.trained_on, ", ")));
}

}  // namespace

Plan load_plan(const configs::Arguments& arguments) {
  Plan plan{configs::load_protocol(arguments), {}};
  for (const auto& cell : configs::cells_of(plan.protocol)) {
    plan.cells.push_back({cell, configs::load_cell(plan.protocol, cell)});
    for (const auto& entry : plan.cells.back().entries) { configs::refuse_other_run(entry.config); }
  }
  return plan;
}

void require_fakes(const Plan& plan) {
  Wanted wanted;
  for (const auto& planned : plan.cells) {
    for (const auto& entry : planned.entries) {
      add_trained(entry.config, wanted);
      if (entry.config.stage == "evaluate") { add_tested(plan.protocol, entry.config, wanted); }
    }
  }
  for (const auto& [place, methods] : wanted) { require_methods(methods, place.first, place.second); }
}

stages::Ending run_plan(const Plan& plan, distributed::World& world) {
  for (size_t i = 0; i < plan.cells.size(); ++i) {
    const auto& planned = plan.cells[i];
    const auto folder = planned.cell.folder(plan.protocol);
    if (is_cell_finished(planned, world)) {
      log::info("skipping " + folder + ": it is finished");
      continue;
    }
    log::info(fmt::format("training {} of {} ({})", i + 1, plan.cells.size(), said(planned.cell)));
    std::vector<configs::Config> entries;
    for (const auto& entry : planned.entries) { entries.push_back(entry.config); }
    const auto ending = walk_all(entries, world);
    if (ending != stages::Ending::finished) { return ending; }
    keep_table(plan, world);
  }
  keep_table(plan, world);
  return stages::Ending::finished;
}

}  // namespace realface::launcher
