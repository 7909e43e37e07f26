#include "configs/load.h"

#include <filesystem>
#include <map>

#include "configs/check.h"
#include "configs/fields.h"
#include "configs/leaves.h"
#include "configs/printer.h"
#include "configs/reader.h"

namespace realface::configs {
namespace {

Config resolve(const std::string& file, const Leaves& leaves, Completeness completeness, Faults& faults) {
  Config config;
  Reader reader(leaves, faults);
  fields(reader, config);
  reader.finish();
  check_combinations(config, leaves, faults);
  if (completeness == Completeness::for_a_run) { check_required(config, file, faults); }
  return config;
}

Config resolve_entry(const Leaf& entry, const std::string& system_file, const Leaves& shared, Completeness completeness,
                     Faults& faults) {
  const auto file = (std::filesystem::path(system_file).parent_path() / entry.text).string();
  auto document = read_document(file, faults);
  if (document.has_entries) {
    faults.add(entry.origin, "'" + entry.text + "' is itself a list of stages; expected a stage");
  }
  for (const auto& [key, leaf] : shared) { document.leaves[key] = leaf; }
  auto config = resolve(file, document.leaves, completeness, faults);
  if (!config.run.dir.empty()) { config.run.dir += "/" + config.stage.name; }
  return config;
}

}  // namespace

Config load(const Arguments& arguments, Completeness completeness) {
  Faults faults;
  auto document = read_document(arguments.file, faults);
  if (document.has_entries) {
    faults.add(arguments.file, "this file lists several stages; run it with `realface run`");
    faults.raise();
  }
  apply_overrides(document.leaves, arguments.overrides, faults);
  auto config = resolve(arguments.file, document.leaves, completeness, faults);
  faults.raise();
  return config;
}

std::vector<Config> load_system(const Arguments& arguments, Completeness completeness) {
  Faults faults;
  auto system = read_document(arguments.file, faults);
  apply_overrides(system.leaves, arguments.overrides, faults);
  std::vector<Config> configs;
  if (!system.has_entries) {
    configs.push_back(resolve(arguments.file, system.leaves, completeness, faults));
    if (!configs.back().run.dir.empty()) { configs.back().run.dir += "/" + configs.back().stage.name; }
  } else if (system.entries.empty()) {
    faults.add(arguments.file, "`run` lists no stage");
  }
  std::map<std::string, std::string> seen;
  for (const auto& entry : system.entries) {
    configs.push_back(resolve_entry(entry, arguments.file, system.leaves, completeness, faults));
    const auto [other, fresh] = seen.emplace(configs.back().stage.name, entry.text);
    if (!fresh) {
      faults.add(entry.origin, "'" + entry.text + "' and '" + other->second + "' are both the stage '" + other->first +
                                   "' and would share a run folder");
    }
  }
  faults.raise();
  return configs;
}

std::vector<std::string> valid_keys() {
  std::vector<std::string> keys;
  for (const auto& entry : entries(Config{})) { keys.push_back(entry.key); }
  return keys;
}

}  // namespace realface::configs
